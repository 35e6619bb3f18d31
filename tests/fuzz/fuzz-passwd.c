/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever the account files hold: the input is used for all of them. */
#include "plan/accounts.h"

#include <string.h>

#include "fuzz.h"

static int edit(struct accounts *accounts, struct error *err)
{
	static const char name[] = "pi";
	struct account account = { 0 };
	bool found;

	int r = accounts_find(accounts, name, &account, &found, err);
	account_free(&account);
	if (r == 0 && !found)
		r = accounts_create(accounts, name, "/bin/bash", err);
	if (r == 0)
		r = accounts_set_shell(accounts, name, "/bin/bash", err);
	if (r == 0)
		r = accounts_set_password(accounts, name, "$y$j9T$salt$hash", err);
	if (r == 0)
		r = accounts_join(accounts, name, "sudo", err);
	return r;
}

static void format(const struct accounts *accounts, struct buf *ret)
{
	for (size_t i = 0; i < ACCOUNTS_N_FILES; i++)
		colonfile_format(&accounts->files[i], ret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTOFREE char *text = fuzz_text(data, size);
	AUTOACCOUNTS struct accounts accounts;
	AUTOERROR struct error err = ERROR_NONE;
	AUTOBUF struct buf once = { 0 }, twice = { 0 };

	accounts_init(&accounts);
	for (size_t i = 0; i < ACCOUNTS_N_FILES; i++)
		colonfile_parse(&accounts.files[i], text);
	if (edit(&accounts, &err) < 0)
		return 0;

	format(&accounts, &once);
	FUZZ_CHECK(edit(&accounts, &err) == 0);
	format(&accounts, &twice);
	FUZZ_CHECK(buf_equal(&once, &twice));
	return 0;
}
