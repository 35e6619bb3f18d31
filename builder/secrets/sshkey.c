/* SPDX-License-Identifier: Apache-2.0 */
#include "secrets/sshkey.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "secrets/base64.h"
#include "secrets/sshoptions.h"
#include "secrets/sshwire.h"
#include "util/alloc.h"
#include "util/text.h"

/* OpenSSH's SSH_MAX_PUBKEY_BYTES in base64, with room for options and a comment. */
enum { MAX_LINE = 32 << 10 };

/* clang-format off */
static const struct {
	const char *start, *message;
} refused[] = {
	{ "-----BEGIN OPENSSH PRIVATE KEY",
	  "a private key (OpenSSH): name the file that ends in .pub" },
	{ "-----BEGIN RSA PRIVATE KEY",
	  "a private key (RSA, PEM): name the file that ends in .pub" },
	{ "-----BEGIN EC PRIVATE KEY",
	  "a private key (EC, PEM): name the file that ends in .pub" },
	{ "-----BEGIN DSA PRIVATE KEY",
	  "a private key (DSA, PEM): name the file that ends in .pub" },
	{ "-----BEGIN ENCRYPTED PRIVATE KEY",
	  "a private key (PKCS#8, encrypted): name the file that ends in .pub" },
	{ "-----BEGIN PRIVATE KEY",
	  "a private key (PKCS#8): name the file that ends in .pub" },
	{ "SSH PRIVATE KEY FILE FORMAT",
	  "a private key (SSH 1): name the file that ends in .pub" },
	{ "PuTTY-User-Key-File-",
	  "a private key (PuTTY): export the public key in OpenSSH's format" },
	{ "---- BEGIN SSH2 PUBLIC KEY ----",
	  "a public key in the format of RFC 4716: convert it with 'ssh-keygen -i -f FILE'" },
	{ "-----BEGIN PUBLIC KEY-----",
	  "a public key in PEM format: convert it with 'ssh-keygen -i -m PKCS8 -f FILE'" },
	{ "-----BEGIN RSA PUBLIC KEY-----",
	  "a public key in PEM format: convert it with 'ssh-keygen -i -m PEM -f FILE'" },
};
/* clang-format on */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *skip_blanks(const char *pos, const char *end)
{
	while (pos < end && is_blank(*pos))
		pos++;
	return pos;
}

static const char *skip_word(const char *pos, const char *end)
{
	while (pos < end && !is_blank(*pos))
		pos++;
	return pos;
}

static int check_refused(const char *pos, const char *end, struct error *err)
{
	size_t len = (size_t)(end - pos);

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		size_t n = strlen(refused[i].start);

		if (len >= n && memcmp(pos, refused[i].start, n) == 0)
			return error_set(err, -EINVAL, "%s", refused[i].message);
	}

	return 0;
}

/* A comment may hold anything but what ends the line early or hides text on a terminal. */
static int check_characters(const char **pos, const char *end, struct error *err)
{
	for (const char *c = *pos; c < end; c++) {
		if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f) {
			*pos = c;
			return error_set(err, -EINVAL, "a control character in the line");
		}
	}

	return 0;
}

/* "TYPE BASE64 COMMENT" */
static int check_key(const char **pos, const char *end, struct error *err)
{
	AUTOBUF struct buf key = { 0 };
	const char *type = *pos, *type_end = skip_word(type, end);
	const char *data = skip_blanks(type_end, end), *data_end = skip_word(data, end);
	size_t type_len = (size_t)(type_end - type), data_len = (size_t)(data_end - data);

	if (!sshwire_is_type(type, type_len))
		return error_set(err, -EINVAL, "no key after the options");

	*pos = data;
	if (!data_len)
		return error_set(err, -EINVAL, "nothing after the type of the key");

	size_t right = base64_decode(data, data_len, &key);
	if (right < data_len) {
		*pos = data + right;
		return error_set(err, -EINVAL, "the key is mistyped or cut off (not base64)");
	}

	return sshwire_check(type, type_len, &key, err);
}

static int check_line(const char **pos, const char *end, struct error *err)
{
	*pos = skip_blanks(*pos, end);
	if (end - *pos > MAX_LINE)
		return error_set(err, -EINVAL, "a line of more than %d bytes", MAX_LINE);

	int r = check_refused(*pos, end, err);
	if (r == 0)
		r = check_characters(pos, end, err);
	if (r < 0)
		return r;

	if (*pos == end)
		return error_set(err, -EINVAL, "no key");

	if (!sshwire_is_type(*pos, (size_t)(skip_word(*pos, end) - *pos))) {
		r = sshoptions_skip(pos, end, err);
		if (r < 0)
			return r;
		*pos = skip_blanks(*pos, end);
	}

	return check_key(pos, end, err);
}

int sshkey_check_line(const char *line, size_t len, unsigned *column, struct error *err)
{
	const char *pos = line;

	int r = check_line(&pos, line + len, err);
	if (r < 0)
		*column = (unsigned)(pos - line) + 1;
	return r;
}

int sshkey_check(const struct buf *content, unsigned *line, unsigned *column, struct error *err)
{
	const char *pos = buf_text(content);
	size_t keys = 0;
	struct line l;

	*line = 1;
	*column = 1;
	if (memchr(pos, '\0', content->len))
		return error_set(err, -EINVAL, "not a text file (is it UTF-16?)");

	for (; text_next_line(&pos, &l); (*line)++) {
		/* Keys made on Windows end in CR LF; sshd takes them, too. */
		if (l.len && l.start[l.len - 1] == '\r')
			l.len--;

		const char *start = skip_blanks(l.start, l.start + l.len);
		if (start == l.start + l.len || *start == '#')
			continue;

		int r = sshkey_check_line(l.start, l.len, column, err);
		if (r < 0)
			return r;
		keys++;
	}

	*line = 1;
	if (!keys)
		return error_set(err, -EINVAL, "no key in the file");
	return 0;
}
