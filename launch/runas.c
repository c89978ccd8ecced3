/* SPDX-License-Identifier: Apache-2.0
 *
 * A number is a number, even if somebody's login looks like one.
 */
#include "launch/runas.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/values.h"
#include "netns/base/user_ns.h"

#define NOBODY 65534
#define LOGIN_MAX 256

struct identity {
	uid_t uid;
	gid_t gid;
};

static bool read_number(const char *text, uint32_t *ret_number)
{
	return !value_number(&text, UINT32_MAX - 1, ret_number) && !*text;
}

/* Return: whether there is such a user. A number without an entry has a group of the same number */
static bool find_user(const char *name, struct identity *ret)
{
	bool numeric = read_number(name, &ret->uid);
	struct passwd *pw = numeric ? getpwuid(ret->uid) : getpwnam(name);

	ret->gid = pw ? pw->pw_gid : ret->uid;
	if (pw)
		ret->uid = pw->pw_uid;
	endpwent();
	return pw || numeric;
}

static bool find_group(const char *name, struct identity *ret)
{
	struct group *gr;

	if (read_number(name, &ret->gid))
		return true;
	gr = getgrnam(name);
	if (gr)
		ret->gid = gr->gr_gid;
	endgrent();
	return gr;
}

static int find(const char *who, struct identity *ret, struct err *err)
{
	const char *colon = strchr(who, ':');
	char login[LOGIN_MAX];

	snprintf(login, sizeof(login), "%.*s", (int)(colon ? colon - who : (long)strlen(who)), who);
	if (!find_user(login, ret))
		return err_set(err, -ENOENT, "--runas '%s': there is no user '%s'", who, login);
	if (colon && !find_group(colon + 1, ret))
		return err_set(err, -ENOENT, "--runas '%s': there is no group '%s'", who,
			       colon + 1);
	return 0;
}

/* The permitted set stays by PR_SET_KEEPCAPS, the effective one never does */
static int raise_effective(struct err *err)
{
	cap_t caps = cap_get_proc();
	int rc = 0;

	for (cap_value_t cap = 0; caps && cap <= CAP_LAST_CAP; cap++) {
		cap_flag_value_t permitted = CAP_CLEAR;

		if (!cap_get_flag(caps, cap, CAP_PERMITTED, &permitted))
			cap_set_flag(caps, CAP_EFFECTIVE, 1, &cap, permitted);
	}
	if (!caps || cap_set_proc(caps))
		rc = err_set(err, -errno, "cannot keep capabilities: %s", strerror(errno));
	cap_free(caps);
	return rc;
}

static int become(const struct identity *id, bool keep_caps, struct err *err)
{
	prctl(PR_SET_KEEPCAPS, keep_caps, 0, 0, 0);
	if (setgroups(0, NULL) || setresgid(id->gid, id->gid, id->gid) ||
	    setresuid(id->uid, id->uid, id->uid))
		return err_set(err, -errno, "cannot change from root to user %u, group %u: %s",
			       id->uid, id->gid, strerror(errno));
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* it may depend on fs.suid_dumpable by now */
	if (id->uid)
		log_info("started as root, going on as user %u, group %u", id->uid, id->gid);
	else
		log_warning("going on as root: --runas asks for that");
	return keep_caps ? raise_effective(err) : 0;
}

int runas_apply(const char *who, bool keep_caps, struct err *err)
{
	struct identity id = { NOBODY, NOBODY };
	int rc = 0;

	if (who)
		rc = find(who, &id, err);
	else if (!geteuid() && !find_user("nobody", &id))
		id = (struct identity){ NOBODY, NOBODY };
	if (rc)
		return rc;
	if (!geteuid() && user_ns_is_initial())
		return become(&id, keep_caps, err);
	if (who && (id.uid != geteuid() || id.gid != getegid()))
		return err_set(err, -EPERM, "--runas '%s': %s", who,
			       geteuid() ? "only root can become another user"
					 : "root of a nested user namespace stays what it is");
	return 0;
}
