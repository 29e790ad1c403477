// Go's own lookups: reads lines "CALL NAME", prints a line "CALL NAME ERROR DATA" for each, in the same order.
// CALL is inet, inet6 or unspec (LookupIP), or srv (LookupSRV); ERROR and DATA are "-" where there is none.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
)

const atATime = 16

var networks = map[string]string{"inet": "ip4", "inet6": "ip6", "unspec": "ip"}

func lookup(call, name string) (data []string, err error) {
	resolver := &net.Resolver{PreferGo: true}
	if call == "srv" {
		_, records, err := resolver.LookupSRV(context.Background(), "", "", name)
		for _, r := range records {
			target := strings.TrimSuffix(r.Target, ".")
			data = append(data, fmt.Sprintf("%d:%d:%d:%s", r.Priority, r.Weight, r.Port, target))
		}
		return data, err
	}
	addresses, err := resolver.LookupIP(context.Background(), networks[call], name)
	for _, address := range addresses {
		data = append(data, address.String())
	}
	return data, err
}

func told(err error) string {
	var failure *net.DNSError
	switch {
	case err == nil:
		return "-"
	case !errors.As(err, &failure):
		// "no suitable address found", where nothing was asked.
		return "NOT_FOUND"
	case failure.IsNotFound:
		return "NOT_FOUND"
	case failure.IsTemporary || failure.IsTimeout:
		return "TEMPORARY"
	}
	return "FAILED"
}

func main() {
	var lines []string
	for scanner := bufio.NewScanner(os.Stdin); scanner.Scan(); {
		lines = append(lines, scanner.Text())
	}
	results := make([]string, len(lines))
	slots := make(chan struct{}, atATime)
	var group sync.WaitGroup
	for n, line := range lines {
		group.Add(1)
		slots <- struct{}{}
		go func() {
			defer func() { <-slots; group.Done() }()
			call, name, _ := strings.Cut(line, " ")
			data, err := lookup(call, name)
			joined := strings.Join(data, ",")
			if err != nil || joined == "" {
				joined = "-"
			}
			results[n] = fmt.Sprintf("%s %s %s %s", call, name, told(err), joined)
		}()
	}
	group.Wait()
	for _, result := range results {
		fmt.Println(result)
	}
}
