/* SPDX-License-Identifier: Apache-2.0 */
#include "secrets/password.h"

#include <crypt.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <regex.h>
#include <string.h>

#include "util/alloc.h"

#define SALT "[./0-9A-Za-z]"

/* The forms that crypt(5) gives; the first that fits the start decides. */
/* clang-format off */
static const struct {
	const char *prefix, *name, *pattern;
} methods[] = {
	{ "$y$",  "yescrypt",      "^\\$y\\$" SALT "+\\$" SALT "{1,86}\\$" SALT "{43}$" },
	{ "$gy$", "gost-yescrypt", "^\\$gy\\$" SALT "+\\$" SALT "{1,86}\\$" SALT "{43}$" },
	{ "$7$",  "scrypt",        "^\\$7\\$" SALT "{11,97}\\$" SALT "{43}$" },
	{ "$2b$", "bcrypt",        "^\\$2b\\$[0-3][0-9]\\$" SALT "{53}$" },
	{ "$6$",  "sha512crypt",
	  "^\\$6\\$(rounds=[1-9][0-9]{3,8}\\$)?[^$:\n]{1,16}\\$" SALT "{86}$" },
	{ "$5$",  "sha256crypt",
	  "^\\$5\\$(rounds=[1-9][0-9]{3,8}\\$)?[^$:\n]{1,16}\\$" SALT "{43}$" },
};
/* clang-format on */

/* crypt()'s working space is 32 KiB, and holds what the password could be found from. */
static void crypt_data_free(struct crypt_data **data)
{
	OPENSSL_cleanse(*data, sizeof(**data));
	free(*data);
}

int password_hash(const char *password, const uint8_t *salt, size_t salt_len, char **ret,
		  struct error *err)
{
	CLEANUP(crypt_data_free) struct crypt_data *data = xcalloc(1, sizeof(*data));
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];

	if (!*password)
		return error_set(err, -EINVAL, "an empty password");
	if (strlen(password) >= CRYPT_MAX_PASSPHRASE_SIZE)
		return error_set(err, -EINVAL, "a password of more than %d bytes",
				 CRYPT_MAX_PASSPHRASE_SIZE - 1);

	if (!crypt_gensalt_rn("$y$", 0, (const char *)salt, (int)salt_len, setting,
			      sizeof(setting)))
		return error_set_errno(err, -errno, "prepare a password hash");

	const char *hash = crypt_r(password, setting, data);
	if (!hash || hash[0] == '*')
		return error_set(err, -EIO, "the system's crypt library does not know yescrypt");

	*ret = xstrdup(hash);
	return 0;
}

static bool matches(const char *text, const char *pattern)
{
	regex_t regex;

	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return false;

	bool found = regexec(&regex, text, 0, NULL, 0) == 0;
	regfree(&regex);
	return found;
}

int password_check_hash(const char *hash, struct error *err)
{
	if (strlen(hash) >= CRYPT_OUTPUT_SIZE)
		return error_set(err, -EINVAL, "too long for a password hash");

	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		if (strncmp(hash, methods[i].prefix, strlen(methods[i].prefix)) != 0)
			continue;
		if (matches(hash, methods[i].pattern))
			return 0;
		return error_set(err, -EINVAL, "a %s hash that is mistyped or cut off",
				 methods[i].name);
	}

	return error_set(err, -EINVAL,
			 "not a password hash that Debian accepts "
			 "($y$, $gy$, $7$, $2b$, $6$, $5$; see mkpasswd(1))");
}
