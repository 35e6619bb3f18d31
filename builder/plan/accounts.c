/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/accounts.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "util/alloc.h"
#include "util/text.h"

/* Fields by their position. */
enum { PASSWD_UID = 2, PASSWD_GID = 3, PASSWD_HOME = 5, PASSWD_SHELL = 6 };
enum { GROUP_GID = 2, GROUP_MEMBERS = 3 };
enum { SHADOW_HASH = 1, SHADOW_CHANGED = 2 };
enum { SUBID_START = 1, SUBID_COUNT = 2 };

/* Where adduser begins with subordinate ids, and how many each user gets. */
#define SUBID_MIN 100000
#define SUBID_RANGE 65536

void accounts_init(struct accounts *accounts)
{
	*accounts = (struct accounts){
		.files = {
			[ACCOUNTS_PASSWD]  = { .path = "/etc/passwd", .fields = 7 },
			[ACCOUNTS_GROUP]   = { .path = "/etc/group", .fields = 4 },
			[ACCOUNTS_SHADOW]  = { .path = "/etc/shadow", .fields = 9 },
			[ACCOUNTS_GSHADOW] = { .path = "/etc/gshadow", .fields = 4 },
			[ACCOUNTS_SUBUID]  = { .path = "/etc/subuid", .fields = 3 },
			[ACCOUNTS_SUBGID]  = { .path = "/etc/subgid", .fields = 3 },
		},
	};
}

static bool get_number(const struct buf *row, unsigned field, uint32_t *ret)
{
	AUTOBUF struct buf text = colonfile_get(row, field);
	uint64_t number;

	/* The highest number means "none" to chown(2). */
	if (!text_parse_number(buf_text(&text), UINT32_MAX - 1, &number))
		return false;

	*ret = (uint32_t)number;
	return true;
}

static int need_row(const struct accounts *accounts, enum accounts_file file, const char *name,
		    struct buf **ret, struct error *err)
{
	const struct colonfile *f = &accounts->files[file];

	int r = colonfile_find(f, name, ret, err);
	if (r == 0 && !*ret)
		return error_set(err, -ENOENT, "'%s' has no line for '%s'", f->path, name);
	return r;
}

int accounts_find(const struct accounts *accounts, const char *name, struct account *ret,
		  bool *found, struct error *err)
{
	const struct colonfile *passwd = &accounts->files[ACCOUNTS_PASSWD];
	struct buf *row;

	*found = false;
	int r = colonfile_find(passwd, name, &row, err);
	if (r < 0 || !row)
		return r;

	if (!get_number(row, PASSWD_UID, &ret->uid) || !get_number(row, PASSWD_GID, &ret->gid))
		return error_set(err, -EINVAL, "'%s' has no valid uid and gid for '%s'",
				 passwd->path, name);

	AUTOBUF struct buf home = colonfile_get(row, PASSWD_HOME);
	AUTOBUF struct buf shell = colonfile_get(row, PASSWD_SHELL);
	ret->home = xstrdup(buf_text(&home));
	ret->shell = xstrdup(buf_text(&shell));
	*found = true;
	return 0;
}

void account_free(struct account *account)
{
	free(account->home);
	free(account->shell);
	*account = (struct account){ 0 };
}

bool accounts_name_is_valid(const char *name)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz_";
	static const char rest[] = "abcdefghijklmnopqrstuvwxyz0123456789_.-";

	return *name && strlen(name) <= 32 && strchr(first, *name) &&
	       name[strspn(name, rest)] == '\0';
}

static bool is_used(const struct colonfile *file, unsigned field, uint32_t number)
{
	uint32_t other;

	for (size_t i = 0; i < file->count; i++)
		if (get_number(&file->rows[i], field, &other) && other == number)
			return true;

	return false;
}

/* A number that is free both as uid and as gid. */
static int next_id(const struct accounts *accounts, uint32_t *ret, struct error *err)
{
	for (uint32_t id = ACCOUNTS_UID_MIN; id <= ACCOUNTS_UID_MAX; id++) {
		if (!is_used(&accounts->files[ACCOUNTS_PASSWD], PASSWD_UID, id) &&
		    !is_used(&accounts->files[ACCOUNTS_GROUP], GROUP_GID, id)) {
			*ret = id;
			return 0;
		}
	}

	return error_set(err, -ENOSPC, "'/etc/passwd' has no free uid left");
}

static int add_subids(struct accounts *accounts, enum accounts_file file, const char *name,
		      struct error *err)
{
	struct colonfile *f = &accounts->files[file];
	uint64_t start = SUBID_MIN;

	for (size_t i = 0; i < f->count; i++) {
		uint32_t from, count;

		if (get_number(&f->rows[i], SUBID_START, &from) &&
		    get_number(&f->rows[i], SUBID_COUNT, &count) && start < (uint64_t)from + count)
			start = (uint64_t)from + count;
	}
	if (start + SUBID_RANGE > UINT32_MAX)
		return error_set(err, -ENOSPC, "'%s' has no free range left", f->path);

	AUTOFREE char *first = xasprintf("%llu", (unsigned long long)start);
	AUTOFREE char *count = xasprintf("%d", SUBID_RANGE);
	return colonfile_add(f, (const char *const[]){ name, first, count }, err);
}

/* The day on which the image was made, since root never changed a password there. */
static char *days_of_root(const struct accounts *accounts, struct error *err)
{
	struct buf *row;

	if (need_row(accounts, ACCOUNTS_SHADOW, "root", &row, err) < 0)
		return NULL;

	AUTOBUF struct buf days = colonfile_get(row, SHADOW_CHANGED);
	return xstrdup(buf_text(&days));
}

static int add_rows(struct accounts *accounts, const char *name, const char *shell, const char *id,
		    const char *home, const char *days, struct error *err)
{
	const struct {
		enum accounts_file file;
		const char *values[9];
	} rows[] = {
		{ ACCOUNTS_PASSWD, { name, "x", id, id, "", home, shell } },
		{ ACCOUNTS_GROUP, { name, "x", id, "" } },
		{ ACCOUNTS_SHADOW, { name, "!", days, "0", "99999", "7", "", "", "" } },
		{ ACCOUNTS_GSHADOW, { name, "!", "", "" } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r = colonfile_add(&accounts->files[rows[i].file], rows[i].values, err);
		if (r < 0)
			return r;
	}

	return 0;
}

int accounts_create(struct accounts *accounts, const char *name, const char *shell,
		    struct error *err)
{
	static const enum accounts_file others[] = { ACCOUNTS_GROUP, ACCOUNTS_SHADOW,
						     ACCOUNTS_GSHADOW };
	uint32_t number;

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		struct buf *row;

		int r = colonfile_find(&accounts->files[others[i]], name, &row, err);
		if (r < 0)
			return r;
		if (row)
			return error_set(err, -EEXIST, "'%s' has a line for '%s' already",
					 accounts->files[others[i]].path, name);
	}

	AUTOFREE char *days = days_of_root(accounts, err);
	if (!days || next_id(accounts, &number, err) < 0)
		return err->code;

	AUTOFREE char *id = xasprintf("%u", number);
	AUTOFREE char *home = xasprintf("/home/%s", name);
	int r = add_rows(accounts, name, shell, id, home, days, err);
	if (r == 0)
		r = add_subids(accounts, ACCOUNTS_SUBUID, name, err);
	if (r == 0)
		r = add_subids(accounts, ACCOUNTS_SUBGID, name, err);
	return r;
}

int accounts_set_shell(struct accounts *accounts, const char *name, const char *shell,
		       struct error *err)
{
	struct buf *row;

	int r = need_row(accounts, ACCOUNTS_PASSWD, name, &row, err);
	if (r < 0)
		return r;

	return colonfile_set(&accounts->files[ACCOUNTS_PASSWD], row, PASSWD_SHELL, shell, err);
}

static int set_shadow(struct accounts *accounts, const char *name, unsigned field,
		      const char *value, struct error *err)
{
	struct buf *row;

	int r = need_row(accounts, ACCOUNTS_SHADOW, name, &row, err);
	if (r < 0)
		return r;

	return colonfile_set(&accounts->files[ACCOUNTS_SHADOW], row, field, value, err);
}

int accounts_set_password(struct accounts *accounts, const char *name, const char *hash,
			  struct error *err)
{
	struct buf *row;

	int r = need_row(accounts, ACCOUNTS_SHADOW, name, &row, err);
	if (r < 0)
		return r;

	AUTOBUF struct buf changed = colonfile_get(row, SHADOW_CHANGED);
	if (strcmp(buf_text(&changed), "0") == 0) {
		AUTOFREE char *days = days_of_root(accounts, err);
		if (!days)
			return err->code;

		r = set_shadow(accounts, name, SHADOW_CHANGED, strcmp(days, "0") == 0 ? "" : days,
			       err);
		if (r < 0)
			return r;
	}

	return set_shadow(accounts, name, SHADOW_HASH, hash ? hash : "!", err);
}

int accounts_has_password(const struct accounts *accounts, const char *name, bool *ret,
			  struct error *err)
{
	struct buf *row;

	int r = need_row(accounts, ACCOUNTS_SHADOW, name, &row, err);
	if (r < 0)
		return r;

	AUTOBUF struct buf hash = colonfile_get(row, SHADOW_HASH);
	*ret = buf_text(&hash)[0] != '!' && buf_text(&hash)[0] != '*';
	return 0;
}

static bool next_member(const char **pos, struct line *ret)
{
	if (!**pos)
		return false;

	*ret = (struct line){ .start = *pos, .len = strcspn(*pos, ",") };
	*pos += ret->len + ((*pos)[ret->len] == ',');
	return true;
}

/* The members without one, and with it again at the end if it shall be there. */
static char *changed_members(const char *members, const char *name, bool member)
{
	AUTOBUF struct buf out = { 0 };
	bool done = false;
	struct line one;

	while (next_member(&members, &one)) {
		if (line_is(&one, name) && (!member || done))
			continue;
		done = done || line_is(&one, name);
		buf_adds(&out, out.len ? "," : "");
		buf_add(&out, one.start, one.len);
	}
	if (member && !done)
		buf_addf(&out, "%s%s", out.len ? "," : "", name);

	return xstrdup(buf_text(&out));
}

static int set_member(struct accounts *accounts, const char *name, const char *group, bool member,
		      struct error *err)
{
	static const enum accounts_file files[] = { ACCOUNTS_GROUP, ACCOUNTS_GSHADOW };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct colonfile *file = &accounts->files[files[i]];
		struct buf *row;

		int r = colonfile_find(file, group, &row, err);
		if (r < 0)
			return r;
		if (!row)
			continue;

		AUTOBUF struct buf members = colonfile_get(row, GROUP_MEMBERS);
		AUTOFREE char *changed = changed_members(buf_text(&members), name, member);
		r = colonfile_set(file, row, GROUP_MEMBERS, changed, err);
		if (r < 0)
			return r;
	}

	return 0;
}

int accounts_join(struct accounts *accounts, const char *name, const char *group, struct error *err)
{
	return set_member(accounts, name, group, true, err);
}

int accounts_leave(struct accounts *accounts, const char *name, const char *group,
		   struct error *err)
{
	return set_member(accounts, name, group, false, err);
}

static int get_id(const struct accounts *accounts, enum accounts_file file, unsigned field,
		  const char *name, uint32_t *ret, bool *found, struct error *err)
{
	uint64_t number;
	struct buf *row;

	*found = text_parse_number(name, UINT32_MAX - 1, &number);
	if (*found) {
		*ret = (uint32_t)number;
		return 0;
	}

	int r = colonfile_find(&accounts->files[file], name, &row, err);
	if (r < 0)
		return r;

	*found = row && get_number(row, field, ret);
	return 0;
}

int accounts_uid(const struct accounts *accounts, const char *user, uid_t *ret, bool *found,
		 struct error *err)
{
	return get_id(accounts, ACCOUNTS_PASSWD, PASSWD_UID, user, ret, found, err);
}

int accounts_gid(const struct accounts *accounts, const char *group, gid_t *ret, bool *found,
		 struct error *err)
{
	return get_id(accounts, ACCOUNTS_GROUP, GROUP_GID, group, ret, found, err);
}

void accounts_free(struct accounts *accounts)
{
	for (size_t i = 0; i < ACCOUNTS_N_FILES; i++)
		colonfile_free(&accounts->files[i]);
}
