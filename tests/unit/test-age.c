/* SPDX-License-Identifier: Apache-2.0 */
/* Made for these tests: the first key by age-keygen(1), the others from the bytes 0, 1, 2, ... */
#include "secrets/age.h"

#include <errno.h>

#include "test.h"

#define KEYGEN "AGE-SECRET-KEY-1VDC7ZA6XHQNR2PSC0D09CT0C2T72M83MSN9SKJ4HH6VY6UZWRF3SYVTDHZ"
#define COUNTED "AGE-SECRET-KEY-1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9CCRYDPK8QARC0SWRYDWG"
#define SHORT "AGE-SECRET-KEY-1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9CCRYDPK8QARCNQTXUK"
#define PQ "AGE-SECRET-KEY-PQ-1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9CCRYDPK8QARC0S5DYVQQ"
#define PLUGIN "AGE-PLUGIN-YUBIKEY-1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNK08YXA"

#define CHECKSUM "the identity is mistyped or cut off (its checksum is wrong)"

/* clang-format off */
static const struct {
	const char *name, *text;
	unsigned line;
	const char *message;
} cases[] = {
	{ "age-keygen", "# created: 2026-08-22T10:00:00Z\n# public key: age1...\n" KEYGEN "\n" },
	{ "without newline", KEYGEN },
	{ "with CR", KEYGEN "\r\n\r\n" },
	{ "two", KEYGEN "\n\n" COUNTED "\n" },
	{ "post-quantum", PQ "\n" },
	{ "empty", "", 1, "no identity in the file (AGE-SECRET-KEY-1...)" },
	{ "only comments", "# x\n#" KEYGEN "\n", 1, "no identity in the file (AGE-SECRET-KEY-1...)" },
	{ "one letter wrong", "# x\n"
	  "AGE-SECRET-KEY-1VDC7ZA6XHQNR2PSC0D09CT0C2T72M83MSN9SKJ4HH6VY6UZWRF3SYVTDHQ\n", 2, CHECKSUM },
	{ "two letters swapped",
	  "AGE-SECRET-KEY-1VDC7AZ6XHQNR2PSC0D09CT0C2T72M83MSN9SKJ4HH6VY6UZWRF3SYVTDHZ\n", 1, CHECKSUM },
	{ "cut off", "AGE-SECRET-KEY-1VDC7ZA6XHQNR2PSC0D09CT0C2T72", 1, CHECKSUM },
	{ "nothing after the prefix", "AGE-SECRET-KEY-1", 1, CHECKSUM },
	{ "not in the alphabet", "AGE-SECRET-KEY-1VDC7ZA6XHQNR2PSC0D09CT0C2T72M83MSN9SKJ4HH6VY6UZWRF3SYVTDHB",
	  1, CHECKSUM },
	{ "mixed case", "AGE-SECRET-KEY-1vDC7ZA6XHQNR2PSC0D09CT0C2T72M83MSN9SKJ4HH6VY6UZWRF3SYVTDHZ", 1, CHECKSUM },
	{ "blank at the end", KEYGEN " \n", 1, CHECKSUM },
	{ "31 bytes", SHORT "\n", 1, "the identity has 31 bytes instead of 32" },
	{ "post-quantum, wrong", "AGE-SECRET-KEY-PQ-1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9CCRYDPK8QARC0S5DYVQP\n",
	  1, CHECKSUM },
	{ "lower case", "age-secret-key-1qqq\n", 1, "age identities are written in capitals" },
	{ "plugin", KEYGEN "\n" PLUGIN "\n", 2,
	  "an identity of an age plugin, which the cluster does not have" },
	{ "public key", "age1y2qt4ujjreed8g6x6n9lf3v03nujqy8kstnnjvj6wh42vm4h3yzqd6d56d\n", 1,
	  "a public key; the identity file holds the AGE-SECRET-KEY" },
	{ "with passphrase", "age-encryption.org/v1\n-> scrypt x 18\n", 1,
	  "encrypted with a passphrase, which nobody enters in the cluster" },
	{ "SSH key", "-----BEGIN OPENSSH PRIVATE KEY-----\n", 1,
	  "a key in PEM or OpenSSH format, not an age identity" },
	{ "something else", "hello\n", 1, "not an age identity (AGE-SECRET-KEY-1...)" },
};
/* clang-format on */

static void checks_identities(void **state)
{
	(void)state;
	TEST_EACH (i, cases) {
		AUTOERROR struct error err = ERROR_NONE;
		AUTOBUF struct buf text = buf_from(cases[i].text);
		unsigned line = 0;
		int r = age_check_identity(&text, &line, &err);

		assert_case(cases[i].name, r == (cases[i].message ? -EINVAL : 0));
		if (!cases[i].message)
			continue;
		assert_text(cases[i].name, err.message, cases[i].message);
		assert_case(cases[i].name, line == cases[i].line);
	}
}

static void refuses_binary_files(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOBUF struct buf text = { 0 };
	unsigned line = 0;

	(void)state;
	buf_add(&text, KEYGEN "\n\0\n", sizeof(KEYGEN) + 2);
	assert_int_equal(age_check_identity(&text, &line, &err), -EINVAL);
	assert_string_equal(err.message, "not a text file");
}

/* The recipients are what "age-keygen -y" says of the same identities. */
static void finds_the_public_key(void **state)
{
	static const struct {
		const char *name, *text, *recipient;
	} keys[] = {
		{ "age-keygen", "# x\n" KEYGEN "\n" COUNTED "\n",
		  "age1d8ty5k74lpgrxjdztmgnawkv5dyqly83czx0wrulzcrhhnsp9vfs42jc79" },
		{ "counted", COUNTED,
		  "age13aqvttdk3ujkyjh9kg2w5an6dmy5mq5a84a4uxk3hfhnugfc9p0sy5p2wh" },
		{ "after a post-quantum one", PQ "\n" COUNTED "\r\n",
		  "age13aqvttdk3ujkyjh9kg2w5an6dmy5mq5a84a4uxk3hfhnugfc9p0sy5p2wh" },
		{ "only a post-quantum one", PQ "\n", NULL },
	};

	(void)state;
	TEST_EACH (i, keys) {
		AUTOERROR struct error err = ERROR_NONE;
		AUTOBUF struct buf text = buf_from(keys[i].text);
		AUTOFREE char *got = NULL;
		int r = age_recipient(&text, &got, &err);

		assert_case(keys[i].name, r == (keys[i].recipient ? 0 : -EOPNOTSUPP));
		if (keys[i].recipient)
			assert_text(keys[i].name, got, keys[i].recipient);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks_identities),
		cmocka_unit_test(refuses_binary_files),
		cmocka_unit_test(finds_the_public_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
