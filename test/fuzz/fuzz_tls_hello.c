/* SPDX-License-Identifier: Apache-2.0
 *
 * ClientHellos: see first_bytes.h. And where records end makes no difference: cut in two, each says
 * the same.
 */
#include "test/fuzz/fuzz.h"

#include "common/wire/tls_hello.h"
#include "test/fuzz/first_bytes.h"

#define HEADER_LEN 5

/* The first record as two, the first of them with @cut bytes */
static void cut_record(const uint8_t *data, size_t size, size_t record, size_t cut)
{
	static uint8_t copy[FIRST_BYTES_MAX];
	char whole[NAME_TEXT_MAX + 1], parts[NAME_TEXT_MAX + 1];
	size_t rest = record - cut;

	memcpy(copy, data, HEADER_LEN + cut);
	copy[3] = (uint8_t)(cut >> 8);
	copy[4] = (uint8_t)cut;
	memcpy(copy + HEADER_LEN + cut, data, HEADER_LEN);
	copy[HEADER_LEN + cut + 3] = (uint8_t)(rest >> 8);
	copy[HEADER_LEN + cut + 4] = (uint8_t)rest;
	memcpy(copy + 2 * HEADER_LEN + cut, data + HEADER_LEN + cut, size - HEADER_LEN - cut);
	REQUIRE(first_bytes_check(tls_hello_name, data, size, whole) ==
		first_bytes_check(tls_hello_name, copy, size + HEADER_LEN, parts));
	REQUIRE(!memcmp(whole, parts, sizeof(whole)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t record;

	first_bytes_fuzz(tls_hello_name, data, size);
	if (size < HEADER_LEN || size + HEADER_LEN >= FIRST_BYTES_MAX)
		return 0;
	record = (size_t)data[3] << 8 | data[4];
	if (record >= 2 && record <= size - HEADER_LEN)
		cut_record(data, size, record, 1 + data[size - 1] % (record - 1));
	return 0;
}
