/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs a fuzzer's entry point on files, for compilers without libFuzzer:
 *
 *	fuzz_ip FILE-OR-FOLDER...
 *
 * Arguments that start with a dash are libFuzzer's and ignored.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "test/fuzz/fuzz.h"

#define INPUT_MAX (1 << 20)

/* Return: files run: 0 or 1 */
static unsigned int replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *input = malloc(INPUT_MAX), *exact = NULL;
	size_t n = 0;

	if (file && input) {
		n = fread(input, 1, INPUT_MAX, file);
		exact = malloc(n ? n : 1); /* of exact size, so that a checker sees overruns */
	}
	if (exact) {
		memcpy(exact, input, n);
		LLVMFuzzerTestOneInput(exact, n);
	} else {
		fprintf(stderr, "cannot read '%s'\n", path);
	}
	if (file)
		fclose(file);
	free(input);
	free(exact);
	return exact ? 1 : 0;
}

static unsigned int replay_path(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	unsigned int count = 0;
	char name[4096];

	if (!dir)
		return replay_file(path);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		count += replay_file(name);
	}
	closedir(dir);
	return count;
}

int main(int argc, char **argv)
{
	unsigned int count = 0;

	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	for (int i = 1; i < argc; i++)
		if (argv[i][0] != '-')
			count += replay_path(argv[i]);
	printf("stat::number_of_executed_units: %u\n", count + 1);
	return 0;
}
