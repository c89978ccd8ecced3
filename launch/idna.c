/* SPDX-License-Identifier: Apache-2.0
 *
 * What the mapping makes of a word must be a name again: full-width digits could become an address
 * else, and a full-width "any" everything.
 */
#include "launch/idna.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef HAVE_LIBIDN2
#include <dlfcn.h>
#include <idn2.h>
#endif

#include "common/base/quote.h"
#include "common/base/util.h"

#define BLANKS " \t\r\n"

static const char *skip_ascii(const char *text)
{
	while (*text && !(*text & 0x80))
		text++;
	return text;
}

#ifdef HAVE_LIBIDN2

static bool is_name(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz", digits[] = "0123456789";
	const char *last = text;

	if (!strcmp(text, "any"))
		return false;
	for (; *text; text++) {
		if (*text == '.' && text[1])
			last = text + 1;
		else if (*text != '.' && !strchr(letters, *text) && !strchr(digits, *text) &&
			 *text != '-' && *text != '_')
			return false;
	}
	return last[strspn(last, "0123456789.")];
}

/* What is taken of libidn2 */
struct idn {
	__typeof__(&idn2_to_ascii_8z) to_ascii;
	__typeof__(&idn2_strerror) error;
	__typeof__(&idn2_free) free;
};

/* It and its tables would be a twentieth of what a start costs, and memory as long as pasta runs:
 * only who has such a name loads them. They stay, as the texts of errors are its own
 */
static bool idn_load(struct idn *ret_idn)
{
#ifdef IDN_IS_LINKED
	*ret_idn = (struct idn){ idn2_to_ascii_8z, idn2_strerror, idn2_free };
	return true;
#else
	void *library = dlopen("libidn2.so.0", RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return false;
	ret_idn->to_ascii = (__typeof__(ret_idn->to_ascii))dlsym(library, "idn2_to_ascii_8z");
	ret_idn->error = (__typeof__(ret_idn->error))dlsym(library, "idn2_strerror");
	ret_idn->free = (__typeof__(ret_idn->free))dlsym(library, "idn2_free");
	return ret_idn->to_ascii && ret_idn->error && ret_idn->free;
#endif
}

/* Return: to be freed; NULL with *@ret_why set */
static char *to_ascii(const char *name, const char **ret_why)
{
	char *made = NULL, *copy;
	struct idn idn;
	int rc;

	if (!idn_load(&idn)) {
		*ret_why = "names that are not ASCII take libidn2, which cannot be loaded: "
			   "install it, or write them as xn--...";
		return NULL;
	}
	rc = idn.to_ascii(name, &made, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
	if (rc != IDN2_OK) {
		/* What libidn2 says of blanks and signs beside other characters helps nobody */
		*ret_why = rc == IDN2_ALABEL_ROUNDTRIP_FAILED ? "there is what no name has"
							      : idn.error(rc);
		return NULL;
	}
	*ret_why = "this stands for something that is no name";
	copy = is_name(made) ? strdup(made) : NULL;
	idn.free(made);
	return copy;
}

#else

static char *to_ascii(const char *name, const char **ret_why)
{
	(void)name;
	*ret_why = "names that are not ASCII are not known here (built without libidn2): "
		   "write them as xn--...";
	return NULL;
}

#endif

int idna_rule(const char *rule, char **ret_rule, struct err *err)
{
	const char *start = skip_ascii(rule), *end = start + strcspn(start, "/:]"), *why;
	char *name, *ascii;
	int len;

	*ret_rule = NULL;
	if (!*start)
		return 0;
	while (start > rule && start[-1] != '/' && start[-1] != '[')
		start--;
	if (!strncmp(start, "*.", 2))
		start += 2;
	name = strndup(start, (size_t)(end - start));
	if (!name)
		return err_no_memory(err, "the policy");
	ascii = to_ascii(name, &why);
	if (!ascii)
		err_set(err, -EINVAL, "'%s': %s", quote_make(name, strlen(name)).text, why);
	free(name);
	if (!ascii)
		return -EINVAL;
	len = asprintf(ret_rule, "%.*s%s%s", (int)(start - rule), rule, ascii, end);
	free(ascii);
	return len < 0 ? err_no_memory(err, "the policy") : 0;
}

/* The word behind allow, deny or drop. Return: NULL: there is none */
static const char *rule_of(const char *line)
{
	static const char *const verdicts[] = { "allow", "deny", "drop" };
	const char *word = line + strspn(line, BLANKS);
	size_t len = strcspn(word, BLANKS);

	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++)
		if (len == strlen(verdicts[i]) && !memcmp(word, verdicts[i], len))
			return word + len + strspn(word + len, BLANKS);
	return NULL;
}

int idna_line(const char *line, const char *file, uint32_t number, char **ret_line, struct err *err)
{
	const char *rule = *skip_ascii(line) ? rule_of(line) : NULL;
	size_t len = rule ? strcspn(rule, BLANKS) : 0;
	char *word, *made = NULL;
	struct err why;
	int rc;

	*ret_line = NULL;
	if (!rule || *rule == '#')
		return 0;
	word = strndup(rule, len);
	if (!word)
		return err_no_memory(err, "the policy");
	rc = idna_rule(word, &made, &why);
	free(word);
	if (rc)
		return err_set(err, rc, "%.200s:%u: %s", file, number, why.text);
	if (made &&
	    asprintf(ret_line, "%.*s%s%s", (int)(rule - line), line, made, rule + len) < 0) {
		*ret_line = NULL;
		rc = err_no_memory(err, "the policy");
	}
	free(made);
	return rc;
}
