/* SPDX-License-Identifier: Apache-2.0
 *
 * DNS messages of anybody: what is read is sound, and what we answer reads back as that question's
 * answer.
 */
#include "test/fuzz/fuzz.h"

#include <string.h>

#include "common/wire/dns.h"

static void check_question(const struct dns_question *question, size_t size)
{
	size_t len = strlen(question->name);

	REQUIRE(question->end >= DNS_HEADER_LEN + 5 && question->end <= size);
	REQUIRE(len <= NAME_TEXT_MAX);
	for (size_t i = 0; i < len; i++)
		REQUIRE(strchr("abcdefghijklmnopqrstuvwxyz0123456789-_?.", question->name[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_address addresses[DNS_ADDRESSES_MAX];
	struct dns_question question, again;
	uint8_t answer[DNS_BLOCK_MAX];
	struct writer w = { answer, sizeof(answer) };
	size_t len;

	if (dns_parse(data, size, &question))
		return 0;
	check_question(&question, size);
	REQUIRE(dns_addresses(data, size, &question, addresses) <= DNS_ADDRESSES_MAX);
	REQUIRE(!dns_block_emit(&w, data, &question));
	len = (size_t)(w.data - answer);
	/* A name that is a pointer into the header reads otherwise there */
	if (dns_parse(answer, len, &again))
		return 0;
	REQUIRE(again.response && again.id == question.id);
	REQUIRE(!dns_addresses(answer, len, &again, addresses));
	return 0;
}
