/* SPDX-License-Identifier: Apache-2.0 */
#include "secrets/bundle.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>

#include "util/alloc.h"
#include "util/file.h"
#include "util/process.h"
#include "util/text.h"

enum { MAX_FILE = 1 << 20, MAX_ENV = 24 };

/* What sops and age look for keys with; nothing else of our environment is theirs. */
static const char *const passed_on[] = {
	"HOME",
	"XDG_CONFIG_HOME",
	"XDG_RUNTIME_DIR",
	"GNUPGHOME",
	"SOPS_AGE_KEY",
	"SOPS_AGE_KEY_CMD",
	"SOPS_AGE_KEY_FILE",
	"SOPS_AGE_SSH_PRIVATE_KEY_FILE",
	"SOPS_GPG_EXEC",
	"AWS_PROFILE",
	"AWS_REGION",
	"AWS_ACCESS_KEY_ID",
	"AWS_SECRET_ACCESS_KEY",
	"AWS_SESSION_TOKEN",
	"AZURE_TENANT_ID",
	"AZURE_CLIENT_ID",
	"AZURE_CLIENT_SECRET",
	"GOOGLE_APPLICATION_CREDENTIALS",
	"VAULT_ADDR",
	"VAULT_TOKEN",
};

/** Environment of a child; the strings are wiped with it. */
struct env {
	char *list[MAX_ENV];
	size_t count;
};

static void env_free(struct env *env)
{
	for (size_t i = 0; i < env->count; i++) {
		OPENSSL_cleanse(env->list[i], strlen(env->list[i]));
		free(env->list[i]);
	}
}

static void env_add(struct env *env, const char *name, const char *value)
{
	if (value && env->count + 1 < MAX_ENV)
		env->list[env->count++] = xasprintf("%s=%s", name, value);
}

static void env_fill(struct env *env, const char *age_identity)
{
	for (size_t i = 0; i < ARRAY_SIZE(passed_on); i++) {
		const char *value = getenv(passed_on[i]);

		if (age_identity && strcmp(passed_on[i], "SOPS_AGE_KEY_FILE") == 0)
			value = age_identity;
		env_add(env, passed_on[i], value);
	}
}

static int decrypt(const char *const *argv, const char *path, const char *age_identity,
		   const char *way_out, struct buf *ret, struct error *err)
{
	CLEANUP(env_free) struct env env = { 0 };
	struct process process = {
		.argv = argv,
		.env = (const char *const *)env.list,
		.output = ret,
		.max_output = MAX_FILE,
	};

	/* Something else than a path may stand there: it is neither handed on nor told. */
	if (age_identity && access(age_identity, R_OK) < 0)
		return error_set_errno(err, -errno, "decrypt '%s': open the age identity", path);

	env_fill(&env, age_identity);

	int r = process_run(&process, NULL, err);
	if (r == -ENOENT) {
		error_clear(err);
		return error_set(err, r, "decrypt '%s': program '%s' is not installed; %s", path,
				 argv[0], way_out);
	}
	return r < 0 ? error_prefix(err, "decrypt '%s'", path) : 0;
}

/* "-o=x.age" is a file of the user's, whatever it looks like. */
static char *not_an_option(const char *path)
{
	return xasprintf("%s%s", path[0] == '-' ? "./" : "", path);
}

static int decrypt_sops(const char *path, const char *age_identity, struct buf *ret,
			struct error *err)
{
	AUTOFREE char *file = not_an_option(path);
	const char *argv[] = { "sops",          "--decrypt", "--input-type", "yaml",
			       "--output-type", "yaml",      file,           NULL };

	return decrypt(argv, path, age_identity,
		       "see https://github.com/getsops/sops, or name a decrypted file of mode 0600",
		       ret, err);
}

/* Without an identity age would ask for a passphrase on the terminal. */
static int decrypt_age(const char *path, const char *age_identity, struct buf *ret,
		       struct error *err)
{
	const char *identity = age_identity ? age_identity : getenv("SOPS_AGE_KEY_FILE");
	AUTOFREE char *file = not_an_option(path);
	const char *argv[] = { "age", "--decrypt", "--identity", identity, file, NULL };

	if (!identity)
		return error_set(err, -EINVAL,
				 "decrypt '%s': no age identity: set age.identity in cluster.yaml, "
				 "or SOPS_AGE_KEY_FILE",
				 path);

	return decrypt(argv, path, age_identity,
		       "install the package 'age', or name a decrypted file of mode 0600", ret,
		       err);
}

static int read_plain(const char *path, struct buf *ret, struct error *err)
{
	mode_t mode;

	int r = file_read(path, MAX_FILE, ret, &mode, err);
	if (r < 0)
		return r;

	if (mode & 077)
		return error_set(err, -EPERM,
				 "'%s' can be read by others (mode %04o); chmod 600 it", path,
				 mode);
	return 0;
}

static int read_bundle(const char *path, const char *age_identity, struct buf *ret,
		       struct error *err)
{
	if (text_ends(path, ".sops.yaml") || text_ends(path, ".sops.yml"))
		return decrypt_sops(path, age_identity, ret, err);
	if (text_ends(path, ".age"))
		return decrypt_age(path, age_identity, ret, err);
	return read_plain(path, ret, err);
}

int bundle_load(const char *path, const char *age_identity, struct bundle *ret, unsigned *line,
		unsigned *column, struct error *err)
{
	AUTOBUF struct buf text = { 0 };

	*line = *column = 0;
	int r = read_bundle(path, age_identity, &text, err);
	if (r < 0)
		return r;

	r = bundle_parse(&text, ret, line, column, err);

	/* With a place, the caller names the file. */
	if (r < 0 && !*line)
		return error_prefix(err, "'%s'", path);
	return r;
}

static void wipe_string(char *text)
{
	if (text)
		OPENSSL_cleanse(text, strlen(text));
	free(text);
}

void bundle_free(struct bundle *bundle)
{
	wipe_string(bundle->token);
	wipe_string(bundle->certificate_key);
	buf_free(&bundle->ca_crt);
	buf_free(&bundle->ca_key);
	free(bundle->ca_hash);
	OPENSSL_cleanse(bundle, sizeof(*bundle));
}
