/* SPDX-License-Identifier: Apache-2.0 */
/* Keys are made at run time by ssh-keygen(1), which then also has to agree with us. */
#include "secrets/sshkey.h"

#include <openssl/evp.h>

#include "secrets/base64.h"
#include "tmpdir.h"
#include "util/text.h"

static const char make_keys[] =
	"cd \"$1\"\n"
	"ssh-keygen -q -t ed25519 -N '' -C 'someone@somewhere' -f ed25519\n"
	"ssh-keygen -q -t rsa -b 2048 -N '' -f rsa\n"
	"ssh-keygen -q -t rsa -b 1024 -N '' -f rsa1024\n"
	"for bits in 256 384 521; do ssh-keygen -q -t ecdsa -b $bits -N '' -f ecdsa$bits; done\n"
	"ssh-keygen -q -t ed25519 -N '' -f ca\n"
	"for key in ed25519 rsa ecdsa256 ecdsa384 ecdsa521; do\n"
	"  ssh-keygen -q -s ca -I some-id -n pi -z 7 -O no-pty $key.pub\n"
	"done\n";

/** Keys that ssh-keygen makes without hardware. */
static const char *const made[] = {
	"ed25519.pub",       "rsa.pub",           "rsa1024.pub",       "ecdsa256.pub",
	"ecdsa384.pub",      "ecdsa521.pub",      "ed25519-cert.pub",  "rsa-cert.pub",
	"ecdsa256-cert.pub", "ecdsa384-cert.pub", "ecdsa521-cert.pub",
};

/** Keys of security tokens, made from others: the same fields, and an application. */
static const struct {
	const char *from, *type, *application;
} tokens[] = {
	{ "ed25519.pub", "sk-ssh-ed25519@openssh.com", "ssh:" },
	{ "ecdsa256.pub", "sk-ecdsa-sha2-nistp256@openssh.com", "ssh:work" },
};

static int setup(void **state)
{
	if (tmpdir_setup(state) < 0)
		return -1;
	return tmpdir_shell(state, make_keys);
}

static bool ssh_keygen_reads(void **state, const char *line)
{
	AUTOBUF struct buf text = buf_from(line);

	tmpdir_write(state, "asked.pub", &text);
	return tmpdir_shell(state, "ssh-keygen -lf \"$1/asked.pub\"") == 0;
}

static bool we_read(const char *line)
{
	AUTOERROR struct error err = ERROR_NONE;
	unsigned column = 0;
	int r = sshkey_check_line(line, strlen(line), &column, &err);

	assert_true(r == 0 || column > 0);
	return r == 0;
}

/* "TYPE BASE64" of a file, decoded. */
static struct buf blob_of(void **state, const char *name, char **type)
{
	AUTOBUF struct buf text = tmpdir_read(state, name);
	struct buf blob = { 0 };
	const char *data = strchr(buf_text(&text), ' ') + 1;
	size_t len = strcspn(data, " \n");

	assert_int_equal(base64_decode(data, len, &blob), len);
	if (type)
		*type = xstrndup(text.data, (size_t)(data - text.data) - 1);
	return blob;
}

static char *line_of(const char *type, const struct buf *blob)
{
	AUTOFREE char *base64 = xcalloc(blob->len * 4 / 3 + 8, 1);

	EVP_EncodeBlock((unsigned char *)base64, (const unsigned char *)blob->data, (int)blob->len);
	return xasprintf("%s %s", type, base64);
}

static void add_string(struct buf *buf, const char *text)
{
	uint8_t len[4] = { 0, 0, 0, (uint8_t)strlen(text) };

	buf_add(buf, len, sizeof(len));
	buf_adds(buf, text);
}

static char *token_line(void **state, size_t i)
{
	AUTOFREE char *type = NULL;
	AUTOBUF struct buf blob = blob_of(state, tokens[i].from, &type), token = { 0 };
	size_t skip = 4 + strlen(type);

	add_string(&token, tokens[i].type);
	buf_add(&token, blob.data + skip, blob.len - skip);
	add_string(&token, tokens[i].application);
	return line_of(tokens[i].type, &token);
}

static void reads_every_type(void **state)
{
	TEST_EACH (i, made) {
		AUTOERROR struct error err = ERROR_NONE;
		AUTOBUF struct buf text = tmpdir_read(state, made[i]);
		unsigned line = 0, column = 0;

		if (sshkey_check(&text, &line, &column, &err) < 0)
			fail_msg("%s: %u:%u: %s", made[i], line, column, err.message);
	}
	TEST_EACH (i, tokens) {
		AUTOFREE char *line = token_line(state, i);

		assert_case(tokens[i].type, we_read(line));
		assert_case(tokens[i].type, ssh_keygen_reads(state, line));
	}
}

/* What we accept, OpenSSH has to accept.  It checks signatures of certificates, we do not. */
static void compare_damaged(void **state, const char *type, const struct buf *blob)
{
	for (size_t i = 0; i < blob->len; i += 1 + i / 8) {
		AUTOBUF struct buf damaged = buf_copy(blob);
		damaged.data[i] = (char)(damaged.data[i] ^ 0x41);
		AUTOFREE char *line = line_of(type, &damaged);

		if (we_read(line) && !ssh_keygen_reads(state, line))
			fail_msg("%s: damaged at %zu, and accepted: %s", type, i, line);
	}

	/* Too short and too long are never right. */
	for (size_t len = 1; len < blob->len; len += 1 + len / 4) {
		AUTOBUF struct buf cut = { 0 };
		buf_add(&cut, blob->data, len);
		AUTOFREE char *line = line_of(type, &cut);

		assert_case(type, !we_read(line));
	}

	AUTOBUF struct buf more = buf_copy(blob);
	buf_add(&more, "", 1);
	AUTOFREE char *line = line_of(type, &more);
	assert_case(type, !we_read(line));
}

static void accepts_no_more_than_openssh(void **state)
{
	for (size_t i = 0; i < 6; i++) {
		AUTOFREE char *type = NULL;
		AUTOBUF struct buf blob = blob_of(state, made[i], &type);

		compare_damaged(state, type, &blob);
	}
}

static void finds_damage_in_certificates(void **state)
{
	for (size_t i = 6; i < ARRAY_SIZE(made); i++) {
		AUTOFREE char *type = NULL;
		AUTOBUF struct buf blob = blob_of(state, made[i], &type);

		for (size_t len = 1; len < blob.len; len += 7) {
			AUTOBUF struct buf cut = { 0 };
			buf_add(&cut, blob.data, len);
			AUTOFREE char *line = line_of(type, &cut);

			assert_case(type, !we_read(line));
		}
	}
}

static void refuses_private_keys_by_name(void **state)
{
	static const struct {
		const char *make, *message;
	} cases[] = {
		{ "cp \"$1/ed25519\" \"$1/private\"",
		  "a private key (OpenSSH): name the file that ends in .pub" },
		{ "ssh-keygen -q -t rsa -b 1024 -m PEM -N '' -f \"$1/private\"",
		  "a private key (RSA, PEM): name the file that ends in .pub" },
		{ "ssh-keygen -q -t ecdsa -m PEM -N '' -f \"$1/private\"",
		  "a private key (EC, PEM): name the file that ends in .pub" },
		{ "ssh-keygen -q -t ecdsa -m PKCS8 -N '' -f \"$1/private\"",
		  "a private key (PKCS#8): name the file that ends in .pub" },
		{ "ssh-keygen -q -t ecdsa -m PKCS8 -N secret -f \"$1/private\"",
		  "a private key (PKCS#8, encrypted): name the file that ends in .pub" },
		{ "echo '-----BEGIN DSA PRIVATE KEY-----' >\"$1/private\"",
		  "a private key (DSA, PEM): name the file that ends in .pub" },
		{ "echo 'PuTTY-User-Key-File-3: ssh-ed25519' >\"$1/private\"",
		  "a private key (PuTTY): export the public key in OpenSSH's format" },
		{ "ssh-keygen -e -f \"$1/ed25519.pub\" >\"$1/private\"",
		  "a public key in the format of RFC 4716: convert it with 'ssh-keygen -i -f "
		  "FILE'" },
		{ "ssh-keygen -e -m PKCS8 -f \"$1/ecdsa256.pub\" >\"$1/private\"",
		  "a public key in PEM format: convert it with 'ssh-keygen -i -m PKCS8 -f FILE'" },
		{ "ssh-keygen -e -m PEM -f \"$1/rsa.pub\" >\"$1/private\"",
		  "a public key in PEM format: convert it with 'ssh-keygen -i -m PEM -f FILE'" },
	};

	TEST_EACH (i, cases) {
		AUTOERROR struct error err = ERROR_NONE;
		unsigned line = 0, column = 0;

		assert_int_equal(tmpdir_shell(state, "rm -f \"$1\"/private*"), 0);
		assert_int_equal(tmpdir_shell(state, cases[i].make), 0);
		AUTOBUF struct buf text = tmpdir_read(state, "private");

		assert_int_equal(sshkey_check(&text, &line, &column, &err), -EINVAL);
		assert_text(cases[i].make, err.message, cases[i].message);
		assert_int_equal(line, 1);
	}
}

/* A fixed key, so that columns can be told. */
#define KEY "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"

/* clang-format off */
static const struct {
	const char *name, *line;
	unsigned column;
	const char *message;
} lines[] = {
	{ "plain", "ssh-ed25519 " KEY },
	{ "comment", "ssh-ed25519 " KEY " me@here, J\xc3\xbcrgen's" },
	{ "blanks and tabs", " \tssh-ed25519 \t" KEY "\t x " },
	{ "option", "restrict ssh-ed25519 " KEY },
	{ "options", "no-pty,X11-forwarding,from=\"10.0.0.0/8,!10.0.0.1\",no-touch-required ssh-ed25519 " KEY },
	{ "quotes in a value", "command=\"echo \\\"a b\\\"\",environment=\"A=b c\" ssh-ed25519 " KEY },
	{ "certificate authority", "cert-authority,principals=\"a,b\" ssh-ed25519 " KEY },
	{ "capitals", "No-Pty,RESTRICT ssh-ed25519 " KEY },
	{ "empty", "", 1, "no key" },
	{ "type alone", "ssh-ed25519", 12, "nothing after the type of the key" },
	{ "type and blank", "ssh-ed25519  ", 14, "nothing after the type of the key" },
	{ "key without type", KEY, 1, "neither a type of key nor an option of sshd(8)" },
	{ "mistyped type", "ssh-ed2551 " KEY, 1, "neither a type of key nor an option of sshd(8)" },
	{ "wrong type", "ssh-rsa " KEY, 9, "the key is not of the type that stands before it" },
	{ "mistyped option", "no-pti ssh-ed25519 " KEY, 1, "neither a type of key nor an option of sshd(8)" },
	{ "second option", "restrict,no-restrict ssh-ed25519 " KEY, 10, "neither a type of key nor an option of sshd(8)" },
	{ "value for a flag", "restrict=\"x\" ssh-ed25519 " KEY, 1, "neither a type of key nor an option of sshd(8)" },
	{ "no value", "command ssh-ed25519 " KEY, 8, "the option needs a value in double quotes" },
	{ "no quotes", "from=10.0.0.1 ssh-ed25519 " KEY, 5, "the option needs a value in double quotes" },
	{ "open quote", "from=\"10.0.0.1 ssh-ed25519 " KEY, 5, "a quote that is not closed" },
	{ "text after a quote", "from=\"a\"b ssh-ed25519 " KEY, 9, "options are separated by commas" },
	{ "options alone", "restrict", 9, "options, but no key after them" },
	{ "options and something", "restrict x", 10, "no key after the options" },
	{ "not base64", "ssh-ed25519 AAAAC3Nz!C1lZDI1NTE5", 21, "the key is mistyped or cut off (not base64)" },
	{ "odd length", "ssh-ed25519 AAAAC3N", 13, "the key is mistyped or cut off (not base64)" },
	{ "cut off", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6", 13, "the key is cut off" },
	{ "31 bytes", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAHwABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4=", 13,
	  "an Ed25519 key of 31 bytes instead of 32" },
	{ "RSA of 768 bits", "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAYQDQUQtRC1ELUQtRC1ELUQtRC1ELUQtRC1ELUQtRC1EL"
	  "UQtRC1ELUQtRC1ELUQtRC1ELUQtRC1ELUQtRC1ELUQtRC1ELUQtRC1ELUQtRC1ELUQtRC1ELUQtRC1ELUQtRC1E=",
	  9, "an RSA key of 768 bits; OpenSSH takes 1024 to 16384 bits" },
	{ "DSA", "ssh-dss AAAAB3NzaC1kc3MAAACBAP==", 9, "a DSA key, which OpenSSH no longer accepts" },
	{ "control character", "ssh-ed25519 " KEY " a\x1b[2Jb", 83, "a control character in the line" },
};
/* clang-format on */

static void checks_lines(void **state)
{
	(void)state;
	TEST_EACH (i, lines) {
		AUTOERROR struct error err = ERROR_NONE;
		unsigned column = 0;
		int r = sshkey_check_line(lines[i].line, strlen(lines[i].line), &column, &err);

		if (!lines[i].message) {
			assert_text(lines[i].name, r < 0 ? err.message : "ok", "ok");
			continue;
		}
		assert_case(lines[i].name, r == -EINVAL);
		assert_text(lines[i].name, err.message, lines[i].message);
		if (column != lines[i].column)
			fail_msg("%s: column %u, want %u", lines[i].name, column, lines[i].column);
		assert_case(lines[i].name, !strstr(err.message, KEY));
	}
}

static void checks_files(void **state)
{
	static const struct {
		const char *name, *text;
		unsigned line;
		const char *message;
	} cases[] = {
		{ "comments", "# mine\n\n \t\nssh-ed25519 " KEY " a\n  # x\nssh-ed25519 " KEY, 0,
		  NULL },
		{ "Windows", "# mine\r\n\r\nssh-ed25519 " KEY "\r\n", 0, NULL },
		{ "empty", "", 1, "no key in the file" },
		{ "only comments", "# ssh-ed25519 " KEY "\n", 1, "no key in the file" },
		{ "second is wrong", "ssh-ed25519 " KEY "\n\nssh-rsa " KEY "\n", 3,
		  "the key is not of the type that stands before it" },
		{ "byte order mark", "\xef\xbb\xbfssh-ed25519 " KEY "\n", 1,
		  "neither a type of key nor an option of sshd(8)" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOERROR struct error err = ERROR_NONE;
		AUTOBUF struct buf text = buf_from(cases[i].text);
		unsigned line = 0, column = 0;
		int r = sshkey_check(&text, &line, &column, &err);

		assert_case(cases[i].name, r == (cases[i].message ? -EINVAL : 0));
		if (cases[i].message) {
			assert_text(cases[i].name, err.message, cases[i].message);
			assert_case(cases[i].name,
				    line == cases[i].line && column == (i == 4 ? 9 : 1));
		}
	}
}

static void refuses_long_lines_and_binaries(void **state)
{
	AUTOERROR struct error err = ERROR_NONE, second = ERROR_NONE;
	AUTOBUF struct buf text = buf_from("ssh-ed25519 " KEY " "), binary = { 0 };
	unsigned line = 0, column = 0;

	(void)state;
	memset(buf_reserve(&text, 40000), 'x', 40000);
	text.len += 40000;
	assert_int_equal(sshkey_check(&text, &line, &column, &err), -EINVAL);
	assert_string_equal(err.message, "a line of more than 32768 bytes");

	buf_add(&binary, "s\0s\0h\0", 6);
	assert_int_equal(sshkey_check(&binary, &line, &column, &second), -EINVAL);
	assert_string_equal(second.message, "not a text file (is it UTF-16?)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_type),
		cmocka_unit_test(accepts_no_more_than_openssh),
		cmocka_unit_test(finds_damage_in_certificates),
		cmocka_unit_test(refuses_private_keys_by_name),
		cmocka_unit_test(checks_lines),
		cmocka_unit_test(checks_files),
		cmocka_unit_test(refuses_long_lines_and_binaries),
	};

	return cmocka_run_group_tests(tests, setup, tmpdir_teardown);
}
