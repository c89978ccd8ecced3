/* SPDX-License-Identifier: Apache-2.0
 *
 * What a runtime gives the OCI hook: any bytes are refused with a text, or give a state whose id
 * can be a file's name, and whose annotations ask for nothing that the policy doesn't have.
 */
#include "test/fuzz/fuzz.h"

#include <string.h>

#include "hooks/request.h"
#include "hooks/state.h"

static const char policy_text[] =
	"{ \"publish\": { \"addresses\": [\"any\"], \"ports\": [\"1024-2048\"] },"
	"  \"options\": [\"--mtu\"], \"log\": [\"/l\"] }";

static void check_request(const struct request *request)
{
	for (size_t i = 0; i < request->tcp.count; i++)
		REQUIRE(!strpbrk(request->tcp.word[i], "/%~ "));
	for (size_t i = 0; i < request->asked_options.count; i++)
		REQUIRE(!strncmp(request->asked_options.word[i], "--mtu", 5));
	REQUIRE(!request->options.count);
	REQUIRE(!request->log[0] || !strncmp(request->log, "/l/", 3));
}

static void check_state(const struct state *state)
{
	struct hook_err err = { "" };
	struct policy policy;
	struct request request;
	json_t *root;

	REQUIRE(*state->id && *state->id != '.' && !strchr(state->id, '/'));
	REQUIRE(*state->bundle == '/');
	REQUIRE(state->stopped || state->pid > 0);

	REQUIRE(!document_parse(policy_text, sizeof(policy_text) - 1, "policy", &root, &err));
	REQUIRE(!policy_take(root, &policy, &err));
	request_init(&request);
	if (!request_add_annotations(&request, state->annotations, state->id, &policy, &err))
		check_request(&request);
	else
		REQUIRE(err.text[0]);
	request_fini(&request);
	policy_fini(&policy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hook_err err = { "" };
	struct state state;
	json_t *root;

	if (document_parse((const char *)data, size, STATE_WHAT, &root, &err)) {
		REQUIRE(err.text[0]);
		return 0;
	}
	if (!state_take(root, &state, &err))
		check_state(&state);
	else
		REQUIRE(err.text[0]);
	state_fini(&state);
	return 0;
}
