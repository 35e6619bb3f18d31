/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "plan/raspios-parts.h"
#include "util/alloc.h"
#include "util/text.h"

/* Groups of the user that Raspberry Pi OS makes; "sudo" is apart. */
static const char *const groups[] = {
	"adm",     "dialout", "cdrom", "audio", "users", "video",  "games",
	"plugdev", "input",   "gpio",  "spi",   "i2c",   "netdev", "render",
};

/* Limits of /etc/skel, which the image controls. */
enum { SKEL_MAX_DEPTH = 8, SKEL_MAX_FILES = 256, SKEL_MAX_SIZE = 1 << 20 };

/** One user while it is planned. */
struct planned_user {
	const struct user *user;
	const struct user_input *input;
	struct account account;
	/** Not in the base image. */
	bool is_new;
};

static int read_accounts(struct raspios *r, struct imagetext *texts, struct error *err)
{
	for (size_t i = 0; i < ACCOUNTS_N_FILES; i++) {
		struct colonfile *file = &r->accounts.files[i];
		/* Without subordinate ids a system works, without the others it does not. */
		bool optional = i == ACCOUNTS_SUBUID || i == ACCOUNTS_SUBGID;

		int code = optional
				   ? imagetext_read(r->b, file->path, IMAGETEXT_MAX, &texts[i], err)
				   : imagetext_require(r->b, file->path, &texts[i], err);
		if (code < 0)
			return code;
		colonfile_parse(file, buf_text(&texts[i].text));
	}

	return 0;
}

static void write_accounts(struct raspios *r, const struct imagetext *texts)
{
	for (size_t i = 0; i < ACCOUNTS_N_FILES; i++) {
		struct buf text = { 0 };

		if (!texts[i].found && !r->accounts.files[i].count)
			continue;

		colonfile_format(&r->accounts.files[i], &text);
		plan_write(r->plan, texts[i].path, text, texts[i].attr, "users")->secret =
			i == ACCOUNTS_SHADOW || i == ACCOUNTS_GSHADOW;
	}
}

/* Only what sudo reads: names with a dot or '~' are left out by its include directory. */
static char *sudoers_path(const char *name)
{
	char *path = xasprintf("/etc/sudoers.d/010_%s-nopasswd", name);

	for (char *p = strrchr(path, '/') + 1; *p; p++)
		if (*p == '.' || *p == '~')
			*p = '_';
	return path;
}

static int plan_sudo(struct raspios *r, const struct user *user, struct error *err)
{
	const char *name = user->name.value;
	AUTOFREE char *path = sudoers_path(name);
	struct buf rule = { 0 };

	if (!user->sudo.value) {
		int code = raspios_remove(r, path, "no sudo without a password", err);
		/* Only a decision takes away what the image gives. */
		if (code == 0 && user->sudo.set)
			code = accounts_leave(&r->accounts, name, "sudo", err);
		return code;
	}

	buf_addf(&rule, "%s ALL=(ALL) NOPASSWD: ALL\n", name);
	plan_write(r->plan, path, rule, (struct file_attr){ .mode = 0440 },
		   "sudo without a password");
	return accounts_join(&r->accounts, name, "sudo", err);
}

static int set_password(struct raspios *r, const struct planned_user *u, struct error *err)
{
	const char *name = u->user->name.value;
	bool has;

	int code = accounts_has_password(&r->accounts, name, &has, err);
	if (code < 0 || (!has && !u->input->password_hash))
		return code;

	if (!u->input->password_hash) {
		diag_warning(r->diags, &u->user->name.at,
			     "the password that '%s' has in the base image will be locked", name);
		diag_help(r->diags, "add %s for a password",
			  cluster_wording(&r->node->at, "'passwordFile' or 'passwordHash'",
					  "'--password-file'"));
	}
	return accounts_set_password(&r->accounts, name, u->input->password_hash, err);
}

/* A login shell that is not there lets ssh take the key, and close. */
static int set_shell(struct raspios *r, const struct user *user, struct error *err)
{
	const char *shell = user->shell.value ? user->shell.value : "/bin/bash";
	bool exists;

	int code = backend_exists(r->b, shell, &exists, err);
	if (code < 0)
		return code;

	if (!exists)
		diag_error(r->diags, user->shell.value ? &user->shell.at : &user->name.at,
			   "the image has no '%s'", shell);
	return accounts_set_shell(&r->accounts, user->name.value, shell, err);
}

/** Where /etc/skel is being copied. */
struct skel {
	struct raspios *r;
	const struct account *account;
	size_t count;
};

static int copy_skel(struct skel *skel, const char *from, const char *to, unsigned depth,
		     struct error *err);

static int copy_skel_file(struct skel *skel, const char *from, const char *to, unsigned depth,
			  struct error *err)
{
	static const char reason[] = "home directory";
	struct plan *plan = skel->r->plan;
	struct backend *b = skel->r->b;
	AUTOFREE char *target = NULL;
	AUTOBUF struct buf content = { 0 };
	struct file_stat st;

	int code = b->ops->stat(b, from, &st, err);
	if (code < 0)
		return code;

	struct file_attr attr = st.attr;
	attr.uid = skel->account->uid;
	attr.gid = skel->account->gid;

	switch (st.type) {
	case FILE_DIRECTORY:
		plan_mkdir(plan, to, attr, reason);
		return copy_skel(skel, from, to, depth + 1, err);
	case FILE_REGULAR:
		if (st.size > SKEL_MAX_SIZE)
			return error_set(err, -EFBIG, "'%s' is too big for a skeleton", from);
		code = b->ops->read(b, from, &content, err);
		if (code == 0)
			plan_write(plan, to, TAKE_BUF(content), attr, reason);
		return code;
	case FILE_SYMLINK:
		code = b->ops->readlink(b, from, &target, err);
		if (code == 0)
			plan_symlink(plan, to, target, reason);
		return code;
	default: return error_set(err, -EINVAL, "'%s' is a special file", from);
	}
}

static int copy_skel(struct skel *skel, const char *from, const char *to, unsigned depth,
		     struct error *err)
{
	AUTONAMES struct file_names names = { 0 };

	int code = raspios_list(skel->r, from, &names, err);
	for (size_t i = 0; code == 0 && i < names.count; i++) {
		AUTOFREE char *source = xasprintf("%s/%s", from, names.list[i]);
		AUTOFREE char *target = xasprintf("%s/%s", to, names.list[i]);

		if (depth > SKEL_MAX_DEPTH || ++skel->count > SKEL_MAX_FILES)
			return error_set(err, -E2BIG, "'/etc/skel' has too many files");
		code = copy_skel_file(skel, source, target, depth, err);
	}
	return code;
}

static int plan_home(struct raspios *r, const struct planned_user *u, struct error *err)
{
	struct skel skel = { .r = r, .account = &u->account };
	struct file_attr attr = { .uid = u->account.uid, .gid = u->account.gid, .mode = 0700 };
	bool exists;

	int code = backend_exists(r->b, u->account.home, &exists, err);
	if (code < 0 || exists)
		return code;

	plan_mkdir(r->plan, u->account.home, attr, "home directory");
	return copy_skel(&skel, "/etc/skel", u->account.home, 0, err);
}

static int plan_keys(struct raspios *r, const struct planned_user *u, struct error *err)
{
	AUTOFREE char *dir = xasprintf("%s/.ssh", u->account.home);
	AUTOFREE char *path = xasprintf("%s/authorized_keys", dir);
	struct file_attr attr = { .uid = u->account.uid, .gid = u->account.gid };
	bool exists;

	if (u->input->keys.len) {
		attr.mode = 0700;
		plan_mkdir(r->plan, dir, attr, "SSH keys");
		attr.mode = 0600;
		plan_write(r->plan, path, buf_copy(&u->input->keys), attr, "SSH keys");
		return 0;
	}

	int code = backend_exists(r->b, path, &exists, err);
	if (code == 0 && exists)
		diag_warning(r->diags, &u->user->name.at,
			     "keys in the base image's '%s' let others log in", path);
	return code;
}

/* The user as the image has it, or as it will be; false if it cannot be had. */
static int find_or_create(struct raspios *r, struct planned_user *u, bool *ok, struct error *err)
{
	const struct text *name = &u->user->name;
	AUTOERROR struct error failure = ERROR_NONE;
	bool found;

	int code = accounts_find(&r->accounts, name->value, &u->account, &found, err);
	if (code < 0 || found) {
		*ok = true;
		return code;
	}

	*ok = false;
	if (strcmp(name->value, "pi") == 0) {
		diag_error(r->diags, &name->at, "the image has no user 'pi'");
		diag_help(r->diags, "%sanother name would be created",
			  cluster_wording(&r->node->at, "", "in a cluster file, "));
		return 0;
	}
	if (!accounts_name_is_valid(name->value)) {
		diag_error(r->diags, &name->at, "'%s' cannot be the name of a user", name->value);
		return 0;
	}
	if (accounts_create(&r->accounts, name->value, "/bin/bash", &failure) < 0) {
		diag_error(r->diags, &name->at, "user '%s' cannot be created: %s", name->value,
			   failure.message);
		return 0;
	}

	u->is_new = *ok = true;
	return accounts_find(&r->accounts, name->value, &u->account, &found, err);
}

static bool is_person(const struct planned_user *u)
{
	return u->account.uid == 0 || u->account.uid >= ACCOUNTS_UID_MIN;
}

static bool is_good_home(const char *home)
{
	for (const char *p = home; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;

	return home[0] == '/' && home[1] && !strstr(home, "/..") && !text_ends(home, "/");
}

static int plan_account(struct raspios *r, struct planned_user *u, struct error *err)
{
	const char *name = u->user->name.value;

	int code = set_shell(r, u->user, err);
	if (code == 0)
		code = set_password(r, u, err);
	for (size_t i = 0; code == 0 && u->is_new && i < ARRAY_SIZE(groups); i++)
		code = accounts_join(&r->accounts, name, groups[i], err);
	if (code == 0)
		code = plan_sudo(r, u->user, err);
	if (code == 0)
		code = plan_home(r, u, err);
	if (code == 0)
		code = plan_keys(r, u, err);
	return code;
}

static int plan_user(struct raspios *r, size_t i, struct error *err)
{
	struct planned_user u = { .user = &r->node->users[i], .input = &r->inputs->users[i] };
	const struct text *name = &u.user->name;
	bool ok;

	int code = find_or_create(r, &u, &ok, err);
	if (code == 0 && ok && !is_person(&u))
		diag_error(r->diags, &name->at, "'%s' is a system user of the image", name->value);
	else if (code == 0 && ok && !is_good_home(u.account.home))
		code = error_set(err, -EINVAL, "'/etc/passwd' has no usable home for '%s'",
				 name->value);
	else if (code == 0 && ok)
		code = plan_account(r, &u, err);

	account_free(&u.account);
	return code;
}

int raspios_users(struct raspios *r, struct error *err)
{
	struct imagetext texts[ACCOUNTS_N_FILES] = { 0 };

	if (!r->node->n_users)
		diag_warning(r->diags, &r->node->at, "nobody can log in: %s",
			     cluster_wording(&r->node->at, "there are no 'users'",
					     "there is no '--ssh-key'"));

	int code = read_accounts(r, texts, err);
	for (size_t i = 0; code == 0 && i < r->node->n_users; i++)
		code = plan_user(r, i, err);
	if (code == 0 && r->node->n_users)
		write_accounts(r, texts);

	for (size_t i = 0; i < ACCOUNTS_N_FILES; i++)
		imagetext_free(&texts[i]);
	return code;
}
