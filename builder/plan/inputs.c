/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/inputs.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/stat.h>

#include "secrets/age.h"
#include "secrets/password.h"
#include "secrets/sshkey.h"
#include "util/alloc.h"
#include "util/digest.h"
#include "util/file.h"
#include "util/text.h"

enum {
	MAX_KEYS = 1 << 20,
	MAX_SECRET = 64 << 10,
	MAX_FILE = 64 << 20,
	MAX_ARCHIVE = 256 << 20,
};

/** What is being read for a node. */
struct reading {
	struct inputs *inputs;
	struct diags *diags;
};

/*
 * A secret that was written where its file belongs is not a name to be told, nor is its line
 * shown: the key says which value is meant.  An option names itself.
 */
static void refuse_file(struct diags *diags, const struct text *path, const char *key,
			const struct error *err)
{
	if (!diags_hides(diags, &path->at)) {
		diag_error(diags, &path->at, "%s", err->message);
		return;
	}

	diag_error(diags, &path->at, "%s%sno file has the name that stands here: %s",
		   cluster_wording(&path->at, key, ""), cluster_wording(&path->at, ": ", ""),
		   strerror(-err->code));
	diag_help(diags, "a secret itself goes into a file, whose name goes here");
}

/* A file that cannot be read is a mistake in cluster.yaml, at the place that names it. */
static bool read_file(struct reading *reading, const struct text *path, const char *key, size_t max,
		      struct buf *ret, mode_t *mode)
{
	AUTOERROR struct error err = ERROR_NONE;

	if (file_read(path->value, max, ret, mode, &err) == 0)
		return true;

	refuse_file(reading->diags, path, key, &err);
	if (err.code == -EFBIG && max == MAX_FILE)
		diag_help(reading->diags, "an 'archive' may have up to %d MiB", MAX_ARCHIVE >> 20);
	return false;
}

/* Files that hold keys are never quoted: the wrong one may have been named. */
static void add_key_file(struct reading *reading, const struct text *path, const char *key,
			 struct buf *keys)
{
	AUTOBUF struct buf content = { 0 };
	AUTOERROR struct error err = ERROR_NONE;
	unsigned line = 0, column = 0;

	if (!read_file(reading, path, key, MAX_KEYS, &content, NULL))
		return;

	if (sshkey_check(&content, &line, &column, &err) < 0) {
		diag_error(reading->diags, &path->at, "'%s', line %u: %s", path->value, line,
			   err.message);
		return;
	}

	buf_add(keys, content.data, content.len);
	if (content.data[content.len - 1] != '\n')
		buf_adds(keys, "\n");
}

static void add_key(struct reading *reading, const struct user *user, const struct text *key,
		    struct buf *keys)
{
	AUTOFREE char *name = xasprintf("sshKeys of user '%s'", user->name.value);
	AUTOERROR struct error err = ERROR_NONE;
	unsigned column = 0;

	if (!cluster_is_public_key(key->value)) {
		add_key_file(reading, key, name, keys);
		return;
	}

	if (sshkey_check_line(key->value, strlen(key->value), &column, &err) < 0) {
		diag_error(reading->diags, &key->at, "%s", err.message);
		return;
	}

	buf_adds(keys, key->value);
	buf_adds(keys, "\n");
}

/* The first line of a file that holds a secret. */
static bool read_first_line(struct reading *reading, const struct text *path, const char *key,
			    struct buf *ret)
{
	AUTOBUF struct buf content = { 0 };
	mode_t mode;

	if (!read_file(reading, path, key, MAX_SECRET, &content, &mode))
		return false;

	if (mode & S_IROTH) {
		diag_warning(reading->diags, &path->at, "'%s' can be read by everyone (mode %04o)",
			     path->value, mode);
		diag_help(reading->diags, "chmod 600 '%s'", path->value);
	}

	size_t len = strcspn(buf_text(&content), "\r\n");
	if (len == 0 || memchr(content.data, '\0', content.len)) {
		diag_error(reading->diags, &path->at, "'%s' holds no text in its first line",
			   path->value);
		return false;
	}

	buf_add(ret, content.data, len);
	return true;
}

static void hash_password(struct reading *reading, const struct user *user,
			  struct user_input *input)
{
	AUTOFREE char *key = xasprintf("passwordFile of user '%s'", user->name.value);
	AUTOBUF struct buf password = { 0 };
	AUTOERROR struct error err = ERROR_NONE;
	uint8_t salt[16];

	if (!read_first_line(reading, &user->password_file, key, &password))
		return;

	AUTOFREE char *purpose = xasprintf("password:%s", user->name.value);
	derive_bytes(&reading->inputs->derive, purpose, salt, sizeof(salt));

	if (password_hash(password.data, salt, sizeof(salt), &input->password_hash, &err) < 0)
		diag_error(reading->diags, &user->password_file.at, "%s", err.message);
}

static void read_user(struct reading *reading, const struct user *user, struct user_input *input)
{
	AUTOERROR struct error err = ERROR_NONE;

	for (size_t i = 0; i < user->ssh_keys.count; i++)
		add_key(reading, user, &user->ssh_keys.list[i], &input->keys);

	if (user->password_file.value)
		hash_password(reading, user, input);

	if (user->password_hash.value) {
		if (password_check_hash(user->password_hash.value, &err) < 0)
			diag_error(reading->diags, &user->password_hash.at, "%s", err.message);
		else
			input->password_hash = xstrdup(user->password_hash.value);
	}
}

static void read_files(struct reading *reading)
{
	const struct node *node = reading->inputs->node;

	for (size_t i = 0; i < node->n_files; i++) {
		const struct file_spec *file = &node->files[i];
		struct buf *content = &reading->inputs->files[i];

		if (file->content.value)
			*content = buf_from(file->content.value);
		else if (file->source.value)
			read_file(reading, &file->source, "source", MAX_FILE, content, NULL);
		else if (file->archive.value)
			read_file(reading, &file->archive, "archive", MAX_ARCHIVE, content, NULL);
	}
}

static bool is_wifi_password(const struct buf *password)
{
	bool hex = true, printable = true;

	for (size_t i = 0; i < password->len; i++) {
		unsigned char c = (unsigned char)password->data[i];

		hex &= isxdigit(c) != 0;
		printable &= c >= ' ' && c < 0x7f;
	}

	return (password->len == 64 && hex) ||
	       (password->len >= 8 && password->len <= 63 && printable);
}

static void read_wifi(struct reading *reading)
{
	const struct text *path = &reading->inputs->node->network.wifi.password_file;
	struct buf *password = &reading->inputs->wifi_password;

	if (!path->value || !read_first_line(reading, path, "passwordFile of wifi", password))
		return;

	if (!is_wifi_password(password)) {
		diag_error(reading->diags, &path->at,
			   "the first line of '%s' is not a WPA passphrase", path->value);
		diag_help(reading->diags, "8 to 63 printable ASCII characters, or 64 hex digits");
	}
}

/* A directory that is not there would just never be searched. */
static void check_templates(const struct reading *reading)
{
	const struct text *path = &reading->inputs->cluster->templates;
	struct stat st;

	if (!path->value || (stat(path->value, &st) == 0 && S_ISDIR(st.st_mode)))
		return;

	diag_error(reading->diags, &path->at, "no directory '%s'", path->value);
}

static void read_age_identity(struct reading *reading)
{
	const struct text *path = &reading->inputs->cluster->age_identity;
	struct buf *identity = &reading->inputs->age_identity;
	AUTOERROR struct error err = ERROR_NONE;
	unsigned line = 0;
	mode_t mode;

	/* Least privilege: the key that opens the Git repository goes to one node. */
	if (!path->value || reading->inputs->node->role != ROLE_INIT)
		return;

	if (!read_file(reading, path, "age.identity", MAX_SECRET, identity, &mode))
		return;

	if (mode & (S_IRWXG | S_IRWXO)) {
		diag_error(reading->diags, &path->at,
			   "age identity '%s' can be used by others (mode %04o)", path->value,
			   mode);
		diag_help(reading->diags, "chmod 600 '%s'", path->value);
	}

	if (age_check_identity(identity, &line, &err) < 0)
		diag_error(reading->diags, &path->at, "'%s', line %u: %s", path->value, line,
			   err.message);
}

/* Without a bundle the seed only has to differ between clusters; nothing secret depends on it. */
static void set_derive(struct inputs *inputs, const struct bundle *bundle)
{
	const char *name = inputs->cluster->name.value;

	inputs->derive.node = inputs->node->name.value;
	if (bundle)
		memcpy(inputs->derive.seed, bundle->seed, sizeof(inputs->derive.seed));
	else
		digest_sha256(name ? name : "", name ? strlen(name) : 0, inputs->derive.seed);
}

void inputs_load(const struct cluster *cluster, const struct node *node,
		 const struct bundle *bundle, const char *template_dir, struct inputs *ret,
		 struct diags *diags)
{
	struct reading reading = { .inputs = ret, .diags = diags };

	*ret = (struct inputs){
		.cluster = cluster,
		.node = node,
		.users = xcalloc(node->n_users, sizeof(*ret->users)),
		.files = xcalloc(node->n_files, sizeof(*ret->files)),
		.template_dirs = { cluster->templates.value, template_dir },
	};
	if (bundle) {
		ret->bundle = *bundle;
		ret->has_bundle = true;
	}
	set_derive(ret, bundle);

	check_templates(&reading);
	for (size_t i = 0; i < node->n_users; i++)
		read_user(&reading, &node->users[i], &ret->users[i]);
	read_files(&reading);
	read_wifi(&reading);
	read_age_identity(&reading);
}

void inputs_load_bundle(const struct cluster *cluster, struct bundle *ret, bool *found,
			struct diags *diags)
{
	const struct text *path = &cluster->secrets;
	AUTOERROR struct error err = ERROR_NONE;
	unsigned line = 0, column = 0;

	*found = false;
	if (!path->value)
		return;

	if (bundle_load(path->value, cluster->age_identity.value, ret, &line, &column, &err) < 0) {
		if (line)
			diag_error(diags, &path->at, "'%s', line %u: %s", path->value, line,
				   err.message);
		else
			refuse_file(diags, path, "secrets", &err);
		return;
	}

	*found = true;
}

void inputs_free(struct inputs *inputs)
{
	for (size_t i = 0; inputs->node && i < inputs->node->n_users; i++) {
		struct user_input *user = &inputs->users[i];

		buf_free(&user->keys);
		if (user->password_hash)
			OPENSSL_cleanse(user->password_hash, strlen(user->password_hash));
		free(user->password_hash);
	}
	for (size_t i = 0; inputs->node && i < inputs->node->n_files; i++)
		buf_free(&inputs->files[i]);

	free(inputs->users);
	free(inputs->files);
	buf_free(&inputs->wifi_password);
	buf_free(&inputs->age_identity);
	OPENSSL_cleanse(&inputs->derive, sizeof(inputs->derive));
	*inputs = (struct inputs){ 0 };
}
