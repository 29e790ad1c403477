// A Go program: its own resolver, the pure Go one, and net/http. With NAMESERVER it asks there, else as resolv.conf says.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sort"
	"time"
)

func main() {
	resolver := &net.Resolver{PreferGo: true}
	if nameserver := os.Getenv("NAMESERVER"); nameserver != "" {
		resolver.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, nameserver)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	told := map[string]any{
		"payments":       hosts(ctx, resolver, "payments"),
		"cassandra.data": hosts(ctx, resolver, "cassandra.data"),
		"nope":           hosts(ctx, resolver, "nope"),
		"SRV":            ports(ctx, resolver, "cql", "cassandra.data"),
		"page":           page(ctx, resolver, "http://payments/"),
	}
	if err := json.NewEncoder(os.Stdout).Encode(told); err != nil {
		panic(err)
	}
}

func hosts(ctx context.Context, resolver *net.Resolver, name string) any {
	addresses, err := resolver.LookupHost(ctx, name)
	var failed *net.DNSError
	if errors.As(err, &failed) {
		return map[string]any{"not found": failed.IsNotFound}
	}
	sort.Strings(addresses)
	return addresses
}

func ports(ctx context.Context, resolver *net.Resolver, port, name string) any {
	_, records, err := resolver.LookupSRV(ctx, port, "tcp", name)
	if err != nil {
		return err.Error()
	}
	told := []string{}
	for _, record := range records {
		told = append(told, fmt.Sprintf("%s:%d", record.Target, record.Port))
	}
	sort.Strings(told)
	return told
}

func page(ctx context.Context, resolver *net.Resolver, url string) string {
	dialer := &net.Dialer{Resolver: resolver}
	client := http.Client{Transport: &http.Transport{DialContext: dialer.DialContext}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err.Error()
	}
	reply, err := client.Do(request)
	if err != nil {
		return err.Error()
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		return err.Error()
	}
	return string(body)
}
