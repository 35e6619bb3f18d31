/* SPDX-License-Identifier: Apache-2.0 */
#include "secrets/age.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "secrets/bech32.h"
#include "util/alloc.h"
#include "util/text.h"

enum { KEY_SIZE = 32 };

#define PREFIX_X25519 "AGE-SECRET-KEY-"
#define PREFIX_PQ "AGE-SECRET-KEY-PQ-"
#define PREFIX_PLUGIN "AGE-PLUGIN-"

DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free)

/* clang-format off */
static const struct {
	const char *start, *message;
} refused[] = {
	{ "age-encryption.org/",
	  "encrypted with a passphrase, which nobody enters in the cluster" },
	{ "-----BEGIN AGE ENCRYPTED FILE-----",
	  "encrypted with a passphrase, which nobody enters in the cluster" },
	{ "-----BEGIN ",   "a key in PEM or OpenSSH format, not an age identity" },
	{ "ssh-",          "an SSH public key, not an age identity" },
	{ "age1",          "a public key; the identity file holds the AGE-SECRET-KEY" },
	{ PREFIX_PLUGIN,   "an identity of an age plugin, which the cluster does not have" },
	{ "age-secret-key-", "age identities are written in capitals" },
};
/* clang-format on */

static bool starts(const struct line *line, const char *prefix)
{
	size_t len = strlen(prefix);

	return line->len >= len && memcmp(line->start, prefix, len) == 0;
}

static int check_key(const struct line *line, const char *prefix, struct error *err)
{
	AUTOBUF struct buf key = { 0 };

	if (!bech32_decode(line->start, line->len, prefix, &key))
		return error_set(err, -EINVAL,
				 "the identity is mistyped or cut off (its checksum is wrong)");
	if (key.len != KEY_SIZE)
		return error_set(err, -EINVAL, "the identity has %zu bytes instead of %d", key.len,
				 KEY_SIZE);
	return 0;
}

static int check_line(const struct line *line, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if (starts(line, refused[i].start))
			return error_set(err, -EINVAL, "%s", refused[i].message);

	/* The longer prefix first: the shorter one is a part of it. */
	if (starts(line, PREFIX_PQ "1"))
		return check_key(line, PREFIX_PQ, err);
	if (starts(line, PREFIX_X25519 "1"))
		return check_key(line, PREFIX_X25519, err);

	return error_set(err, -EINVAL, "not an age identity (AGE-SECRET-KEY-1...)");
}

/* As age reads it: blanks around a key are no part of the format, but a CR is forgiven. */
static bool next_line(const char **pos, struct line *ret)
{
	if (!text_next_line(pos, ret))
		return false;

	if (ret->len && ret->start[ret->len - 1] == '\r')
		ret->len--;
	return true;
}

static bool is_key_line(const struct line *line)
{
	return line->len > 0 && line->start[0] != '#';
}

int age_check_identity(const struct buf *content, unsigned *line, struct error *err)
{
	const char *pos = buf_text(content);
	size_t keys = 0;
	struct line l;

	*line = 1;
	if (memchr(pos, '\0', content->len))
		return error_set(err, -EINVAL, "not a text file");

	for (; next_line(&pos, &l); (*line)++) {
		if (!is_key_line(&l))
			continue;

		int r = check_line(&l, err);
		if (r < 0)
			return r;
		keys++;
	}

	*line = 1;
	if (!keys)
		return error_set(err, -EINVAL, "no identity in the file (AGE-SECRET-KEY-1...)");
	return 0;
}

static int public_key(const struct buf *secret, struct buf *ret, struct error *err)
{
	size_t len = KEY_SIZE;
	CLEANUP(EVP_PKEY_freep)
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(
		EVP_PKEY_X25519, NULL, (const unsigned char *)buf_text(secret), secret->len);

	if (!key || !EVP_PKEY_get_raw_public_key(key, (unsigned char *)buf_reserve(ret, len), &len))
		return error_set(err, -EINVAL, "cannot compute the public key of an age identity");

	ret->len = len;
	return 0;
}

int age_recipient(const struct buf *identity, char **ret, struct error *err)
{
	const char *pos = buf_text(identity);
	struct line line;

	while (next_line(&pos, &line)) {
		AUTOBUF struct buf secret = { 0 }, public = { 0 }, text = { 0 };

		if (!is_key_line(&line) || !starts(&line, PREFIX_X25519 "1"))
			continue;
		if (!bech32_decode(line.start, line.len, PREFIX_X25519, &secret))
			continue;

		int r = public_key(&secret, &public, err);
		if (r < 0)
			return r;

		bech32_encode(&text, "age", &public);
		*ret = xstrdup(buf_text(&text));
		return 0;
	}

	return error_set(err, -EOPNOTSUPP, "no X25519 identity in the file");
}
