/* SPDX-License-Identifier: Apache-2.0
 *
 * resolver ADDR PORT ANSWER [DELAY_MS]: a resolver on UDP that answers every query for an A record
 * with the IPv4 address ANSWER, and every other one with no record, after DELAY_MS. Prints a line
 * "query ID" for each query.
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/time.h>
#include <unistd.h>

#include "test/tools/tool.h"

#define DNS_HEADER 12
#define WAITING_MAX 256

struct answer {
	struct tool_addr to;
	double due;
	size_t len;
	uint8_t data[600];
};

/* Return: length of the first question, 0 if it makes no sense */
static size_t question_len(const uint8_t *q, size_t len, bool *ret_a)
{
	size_t at = DNS_HEADER;

	while (at < len && q[at])
		at += q[at] + 1U;
	if (len < DNS_HEADER || at + 5 > len)
		return 0;
	*ret_a = q[at + 1] == 0 && q[at + 2] == 1;
	return at + 5 - DNS_HEADER;
}

/* RFC 1035, 4.1: the question comes back; the record's name is a pointer to its own */
static bool answer_make(struct answer *answer, const uint8_t *q, size_t len, struct in_addr addr)
{
	static const uint8_t record[] = { 0xc0, DNS_HEADER, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4 };
	bool has_a;
	size_t question = question_len(q, len, &has_a);

	if (!question || DNS_HEADER + question + sizeof(record) + 4 > sizeof(answer->data))
		return false;
	memset(answer->data, 0, DNS_HEADER);
	memcpy(answer->data, q, 2);
	answer->data[2] = 0x81; /* an answer, recursion desired */
	answer->data[3] = 0x80; /* recursion available */
	answer->data[5] = 1;
	answer->data[7] = has_a;
	memcpy(answer->data + DNS_HEADER, q + DNS_HEADER, question);
	answer->len = DNS_HEADER + question;
	if (has_a) {
		memcpy(answer->data + answer->len, record, sizeof(record));
		memcpy(answer->data + answer->len + sizeof(record), &addr, 4);
		answer->len += sizeof(record) + 4;
	}
	return true;
}

static void serve(int fd, struct in_addr addr, double delay)
{
	static struct answer waiting[WAITING_MAX];
	size_t first = 0, count = 0;
	struct timeval tick = { .tv_usec = 5000 };
	uint8_t q[2048];

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof(tick));
	for (;;) {
		struct answer *answer = &waiting[(first + count) % WAITING_MAX];
		ssize_t n;

		answer->to.len = sizeof(answer->to.sa);
		n = recvfrom(fd, q, sizeof(q), 0, (void *)&answer->to.sa, &answer->to.len);
		if (n >= DNS_HEADER) {
			printf("query %u\n", q[0] << 8 | q[1]);
			fflush(stdout);
			answer->due = tool_now() + delay;
			if (count < WAITING_MAX - 1 &&
			    answer_make(answer, q, (size_t)n, addr))
				count++;
		}
		for (; count && waiting[first].due <= tool_now(); count--) {
			answer = &waiting[first];
			sendto(fd, answer->data, answer->len, 0, (void *)&answer->to.sa,
			       answer->to.len);
			first = (first + 1) % WAITING_MAX;
		}
	}
}

int main(int argc, char **argv)
{
	struct tool_addr local;
	struct in_addr addr;
	int fd;

	if (argc < 4 || argc > 5 || inet_pton(AF_INET, argv[3], &addr) != 1) {
		fprintf(stderr, "usage: resolver ADDR PORT ANSWER [DELAY_MS]\n");
		return 2;
	}
	local = tool_addr_parse(argv[1], argv[2]);
	fd = socket(local.sa.ss_family, SOCK_DGRAM, 0);
	if (fd < 0 || bind(fd, (void *)&local.sa, local.len))
		tool_fail("bind");
	serve(fd, addr, argc > 4 ? (double)tool_number(argv[4]) / 1000 : 0);
}
