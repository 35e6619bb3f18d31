/* SPDX-License-Identifier: Apache-2.0 */
/* The hashes were made by mkpasswd(1). */
#include "secrets/password.h"

#include <crypt.h>
#include <errno.h>
#include <stdlib.h>

#include "test.h"

static const uint8_t salt[16] = "0123456789abcde";

static void hashes_always_the_same(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOFREE char *a = NULL, *b = NULL, *other = NULL;
	static const uint8_t other_salt[16] = "0123456789abcdf";

	(void)state;
	assert_int_equal(password_hash("raspberry", salt, sizeof(salt), &a, &err), 0);
	assert_int_equal(password_hash("raspberry", salt, sizeof(salt), &b, &err), 0);
	assert_int_equal(password_hash("raspberry", other_salt, 16, &other, &err), 0);
	assert_string_equal(a, b);
	assert_string_not_equal(a, other);
	assert_memory_equal(a, "$y$j9T$", 7);
	assert_int_equal(password_check_hash(a, &err), 0);

	/* The C library finds the password again from the hash alone. */
	assert_string_equal(crypt("raspberry", a), a);
	assert_string_not_equal(crypt("Raspberry", a), a);
}

static void refuses_passwords(void **state)
{
	char longest[CRYPT_MAX_PASSPHRASE_SIZE + 1];
	AUTOERROR struct error err = ERROR_NONE;
	AUTOFREE char *hash = NULL;

	(void)state;
	assert_int_equal(password_hash("", salt, sizeof(salt), &hash, &err), -EINVAL);
	assert_string_equal(err.message, "an empty password");
	error_clear(&err);

	memset(longest, 'x', sizeof(longest));
	longest[CRYPT_MAX_PASSPHRASE_SIZE] = '\0';
	assert_int_equal(password_hash(longest, salt, sizeof(salt), &hash, &err), -EINVAL);
	assert_null(strstr(err.message, "xxx"));
	error_clear(&err);

	longest[CRYPT_MAX_PASSPHRASE_SIZE - 1] = '\0';
	assert_int_equal(password_hash(longest, salt, sizeof(salt), &hash, &err), 0);
}

#define NOT_A_HASH                                 \
	"not a password hash that Debian accepts " \
	"($y$, $gy$, $7$, $2b$, $6$, $5$; see mkpasswd(1))"

/* clang-format off */
static const struct {
	const char *name, *hash, *message;
} cases[] = {
	{ "yescrypt", "$y$j9T$3RCsHYt7k1nl15LeA7pf7/$UjM/kRlf5ygb3eDNp.HK55TD9OeR3A7vQ3ydOc6w3bC" },
	{ "gost-yescrypt", "$gy$j9T$mEG.CUzhqTNOpRDfEPqge0$gDrfymlREFlPRb5gAiiS7/pI3HpEEJhSjUgskFVvmcB" },
	{ "scrypt", "$7$CU..../....3IvQSx8hnojh/Yvpv9mDK/$L/j41o.bRuZ.eR/NRUo9guyUJRrRsMrkq44IZ4JGjRB" },
	{ "bcrypt", "$2b$05$6Rk2.QfQyns8npzCAMx.TupLeP1J0sZQn68f8I/XNFgBxI4NwWCf2" },
	{ "sha512", "$6$U1SErFUeXpMHCa7j$32xlYrq5WS7EaGuxcnjJXuhKVdSkM6ISWBgXuqJ8Bov5DLRh0C7cl9gdDm0NCfOFrEbi6GUlCWDUq73CF9Mtk." },
	{ "sha256", "$5$n3f.Fu.0f7Ksljtp$o1HIOLFZJtxBJPPkstxdFpnxaOE6FtbalJho.EG58RA" },
	{ "sha256 with rounds", "$5$rounds=5000$n3f.Fu.0f7Ksljtp$o1HIOLFZJtxBJPPkstxdFpnxaOE6FtbalJho.EG58RA" },
	{ "cut off", "$6$U1SErFUeXpMHCa7j$32xlYrq5WS7EaGux", "a sha512crypt hash that is mistyped or cut off" },
	{ "one too many", "$5$n3f.Fu.0f7Ksljtp$o1HIOLFZJtxBJPPkstxdFpnxaOE6FtbalJho.EG58RAx", "a sha256crypt hash that is mistyped or cut off" },
	{ "colon", "$5$n3f.Fu:0f7Ksljtp$o1HIOLFZJtxBJPPkstxdFpnxaOE6FtbalJho.EG58RA", "a sha256crypt hash that is mistyped or cut off" },
	{ "newline", "$y$j9T$3RCsHYt7k1nl15LeA7pf7/$UjM/kRlf5ygb3eDNp.HK55TD9OeR3A7vQ3ydOc6w3bC\n", "a yescrypt hash that is mistyped or cut off" },
	{ "empty salt", "$y$j9T$$UjM/kRlf5ygb3eDNp.HK55TD9OeR3A7vQ3ydOc6w3bC", "a yescrypt hash that is mistyped or cut off" },
	{ "md5", "$1$VSuuR2UN$g5Wajz62QH07Zrq2RESFH.", NOT_A_HASH },
	{ "DES", "CVB4JpT8Vd0PU", NOT_A_HASH },
	{ "locked", "!", NOT_A_HASH },
	{ "empty", "", NOT_A_HASH },
	{ "clear text", "raspberry", NOT_A_HASH },
};
/* clang-format on */

static void checks_hashes(void **state)
{
	(void)state;
	TEST_EACH (i, cases) {
		AUTOERROR struct error err = ERROR_NONE;
		int r = password_check_hash(cases[i].hash, &err);

		assert_case(cases[i].name, r == (cases[i].message ? -EINVAL : 0));
		if (cases[i].message)
			assert_text(cases[i].name, err.message, cases[i].message);
	}
}

static void checks_the_length_of_hashes(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	char hash[CRYPT_OUTPUT_SIZE + 1] = "$7$";

	(void)state;
	memset(hash + 3, '.', sizeof(hash) - 4);
	assert_int_equal(password_check_hash(hash, &err), -EINVAL);
	assert_string_equal(err.message, "too long for a password hash");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_always_the_same),
		cmocka_unit_test(refuses_passwords),
		cmocka_unit_test(checks_hashes),
		cmocka_unit_test(checks_the_length_of_hashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
