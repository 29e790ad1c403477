#define _GNU_SOURCE
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <arpa/inet.h>
/* getaddrinfo(3) as asked: a line on standard input is FAMILY TYPE PROTOCOL FLAGS TAB HOST TAB SERVICE, "-" for none.
   Prints a line of JSON for each: [[family, type, protocol, name, address], ...], or [code, message]. */
static void one(char *line) {
    struct addrinfo hints = {0}, *list, *ai;
    char *host = strchr(line, '\t'), *service;
    *host++ = 0; service = strchr(host, '\t'); *service++ = 0; service[strcspn(service, "\n")] = 0;
    sscanf(line, "%d %d %d %d", &hints.ai_family, &hints.ai_socktype, &hints.ai_protocol, &hints.ai_flags);
    int code = getaddrinfo(strcmp(host, "-") ? host : NULL, strcmp(service, "-") ? service : NULL, &hints, &list);
    if (code) { printf("[%d, \"%s\"]\n", code, gai_strerror(code)); return; }
    printf("[");
    for (ai = list; ai; ai = ai->ai_next) {
        char text[INET6_ADDRSTRLEN];
        struct sockaddr_in *four = (void *)ai->ai_addr; struct sockaddr_in6 *six = (void *)ai->ai_addr;
        inet_ntop(ai->ai_family, ai->ai_family == AF_INET ? (void *)&four->sin_addr : (void *)&six->sin6_addr, text, sizeof text);
        printf("%s[%d, %d, %d, \"%s\", [\"%s\", %d", ai == list ? "" : ", ", ai->ai_family, ai->ai_socktype, ai->ai_protocol,
               ai->ai_canonname ? ai->ai_canonname : "", text, ntohs(ai->ai_family == AF_INET ? four->sin_port : six->sin6_port));
        if (ai->ai_family == AF_INET6) printf(", 0, %u", six->sin6_scope_id);
        printf("]]");
    }
    printf("]\n");
    freeaddrinfo(list);
}
int main(void) { char line[4096]; while (fgets(line, sizeof line, stdin)) one(line); return 0; }
