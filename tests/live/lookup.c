/* The C library's lookups: reads lines "CALL NAME", prints a line "CALL NAME ERROR DATA" for each, in the same order.
   CALL is inet, inet6 or unspec (getaddrinfo), or srv (res_search); ERROR and DATA are "-" where there is none. Each
   lookup has a thread of its own, and so a resolver state of its own; sixteen run at a time. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <resolv.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { MOST = 1000, AT_A_TIME = 16 };

struct job {
	char call[8], name[1100], error[24], data[2048];
	pthread_t thread;
};

static struct job jobs[MOST];

static void put(struct job *job, const char *text)
{
	size_t used = strlen(job->data);
	snprintf(job->data + used, sizeof job->data - used, "%s%s", used ? "," : "", text);
}

static const char *gai_name(int code)
{
	switch (code) {
	case EAI_NONAME: return "EAI_NONAME";
	case EAI_AGAIN: return "EAI_AGAIN";
	case EAI_FAIL: return "EAI_FAIL";
	case EAI_SYSTEM: return "EAI_SYSTEM";
#ifdef EAI_NODATA
	case EAI_NODATA: return "EAI_NODATA";
#endif
	default: return "EAI_OTHER";
	}
}

static void addresses(struct job *job, int family)
{
	struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_STREAM }, *found = NULL;
	int code = getaddrinfo(job->name, NULL, &hints, &found);
	if (code) {
		strcpy(job->error, gai_name(code));
		return;
	}
	for (struct addrinfo *at = found; at; at = at->ai_next) {
		char text[INET6_ADDRSTRLEN];
		const void *address = at->ai_family == AF_INET
			? (const void *)&((struct sockaddr_in *)at->ai_addr)->sin_addr
			: (const void *)&((struct sockaddr_in6 *)at->ai_addr)->sin6_addr;
		put(job, inet_ntop(at->ai_family, address, text, sizeof text));
	}
	freeaddrinfo(found);
}

static const char *h_name(int code)
{
	switch (code) {
	case HOST_NOT_FOUND: return "HOST_NOT_FOUND";
	case TRY_AGAIN: return "TRY_AGAIN";
	case NO_RECOVERY: return "NO_RECOVERY";
	case NO_DATA: return "NO_DATA";
	default: return "NETDB_OTHER";
	}
}

static void services(struct job *job)
{
	unsigned char reply[4096];
	ns_msg message;
	ns_rr record;
	int length = res_search(job->name, ns_c_in, ns_t_srv, reply, sizeof reply);
	if (length < 0) {
		strcpy(job->error, h_name(h_errno));
		return;
	}
	if (ns_initparse(reply, length, &message) < 0) {
		strcpy(job->error, "BAD_REPLY");
		return;
	}
	for (int n = 0; n < ns_msg_count(message, ns_s_an); n++) {
		char target[256], text[300];
		if (ns_parserr(&message, ns_s_an, n, &record) < 0 || ns_rr_type(record) != ns_t_srv)
			continue;
		const unsigned char *data = ns_rr_rdata(record);
		if (dn_expand(reply, reply + length, data + 6, target, sizeof target) < 0)
			continue;
		snprintf(text, sizeof text, "%d:%d:%d:%s", data[0] << 8 | data[1], data[2] << 8 | data[3],
			data[4] << 8 | data[5], target);
		put(job, text);
	}
}

static void *run(void *argument)
{
	struct job *job = argument;
	if (!strcmp(job->call, "srv"))
		services(job);
	else
		addresses(job, !strcmp(job->call, "inet") ? AF_INET : !strcmp(job->call, "inet6") ? AF_INET6 : AF_UNSPEC);
	return NULL;
}

int main(void)
{
	int count = 0;
	while (count < MOST && scanf("%7s %1099s", jobs[count].call, jobs[count].name) == 2)
		count++;
	for (int first = 0; first < count; first += AT_A_TIME) {
		int end = first + AT_A_TIME < count ? first + AT_A_TIME : count;
		for (int n = first; n < end; n++)
			if (pthread_create(&jobs[n].thread, NULL, run, &jobs[n]))
				return 1;
		for (int n = first; n < end; n++)
			pthread_join(jobs[n].thread, NULL);
	}
	for (int n = 0; n < count; n++)
		printf("%s %s %s %s\n", jobs[n].call, jobs[n].name, jobs[n].error[0] ? jobs[n].error : "-",
			jobs[n].data[0] ? jobs[n].data : "-");
	return 0;
}
