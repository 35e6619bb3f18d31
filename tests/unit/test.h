/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What every unit test includes: cmocka, and help for tables of cases.
 */
#pragma once

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <string.h>

/** Step through a table of cases. */
#define TEST_EACH(i, table) for (size_t i = 0; i < sizeof(table) / sizeof((table)[0]); i++)

/** Fail with the name of the case and both strings unless they are equal. */
#define assert_text(name, got, want)                                                               \
	do {                                                                                       \
		const char *got_ = (got), *want_ = (want);                                         \
		if (!got_ || strcmp(got_, want_) != 0)                                             \
			fail_msg("%s: got \"%s\", want \"%s\"", (name), got_ ? got_ : "(nothing)", \
				 want_);                                                           \
	} while (0)

/** Fail with the name of the case unless the condition holds. */
#define assert_case(name, condition)                                     \
	do {                                                             \
		if (!(condition))                                        \
			fail_msg("%s: %s is false", (name), #condition); \
	} while (0)
