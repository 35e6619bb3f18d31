/* SPDX-License-Identifier: Apache-2.0 */
/* The expected values come from Python's hmac and uuid modules. */
#include "secrets/derive.h"

#include "test.h"

#define SEED                                                                                      \
	{                                                                                         \
		0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, \
			23, 24, 25, 26, 27, 28, 29, 30, 31                                        \
	}

static const struct {
	const char *node, *purpose, *uuid;
	uint32_t number;
	uint8_t first, last;
} cases[] = {
	{ "node0", "disk-id", "ee1b679c-7ac3-812c-8c3c-2f813bcd7db4", 2624003054, 0xee, 0x90 },
	{ "node0", "password:pi", "7bcec218-ee2f-8889-8413-34ad6ee4bc3f", 415420027, 0x7b, 0x06 },
	/* The name does not run into the purpose. */
	{ "node", "0disk-id", "cba863e2-72f3-81d4-908d-6e7665535650", 3798182091, 0xcb, 0xca },
	{ "node1", "disk-id", "e10804bd-d699-86d4-a790-2085dafa6b9a", 3171158241, 0xe1, 0xce },
};

static void derives_known_values(void **state)
{
	(void)state;
	TEST_EACH (i, cases) {
		struct derive derive = { .seed = SEED, .node = cases[i].node };
		uint8_t bytes[32] = { 0 };
		char uuid[37];

		derive_bytes(&derive, cases[i].purpose, bytes, sizeof(bytes));
		assert_case(cases[i].uuid, bytes[0] == cases[i].first);
		assert_case(cases[i].uuid, bytes[31] == cases[i].last);

		derive_uuid(&derive, cases[i].purpose, uuid);
		assert_text(cases[i].purpose, uuid, cases[i].uuid);
		assert_int_equal(derive_u32(&derive, cases[i].purpose), cases[i].number);
	}
}

static void writes_no_more_than_asked_for(void **state)
{
	struct derive derive = { .seed = SEED, .node = "node0" };
	uint8_t bytes[5] = { 0, 0, 0, 0, 0xaa };

	(void)state;
	derive_bytes(&derive, "disk-id", bytes, 4);
	assert_int_equal(bytes[0], 0xee);
	assert_int_equal(bytes[4], 0xaa);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(derives_known_values),
		cmocka_unit_test(writes_no_more_than_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
