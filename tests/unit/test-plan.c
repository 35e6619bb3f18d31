/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/plan.h"

#include <errno.h>

#include "fake-backend.h"
#include "plan/apply.h"
#include "test.h"
#include "util/alloc.h"

static void order_of(const struct plan *plan, struct buf *ret)
{
	for (size_t i = 0; i < plan->count; i++)
		buf_addf(ret, "%s %s\n", plan_verb(plan->ops[i].kind), plan->ops[i].path);
}

static void later_operations_take_the_place(void **state)
{
	AUTOPLAN struct plan plan = { 0 };
	AUTOBUF struct buf order = { 0 };

	(void)state;
	plan_write(&plan, "/a", buf_from("old"), ATTR_ROOT_0644, "test");
	plan_remove(&plan, "/b", "test");
	plan_write(&plan, "/a", buf_from("new"), ATTR_ROOT_0600, "test")->secret = true;

	order_of(&plan, &order);
	assert_text("order", buf_text(&order), "write /a\nremove /b\n");
	assert_text("content", buf_text(&plan_find(&plan, "/a")->content), "new");
	assert_true(plan_find(&plan, "/a")->secret);
	assert_null(plan_find(&plan, "/c"));
}

static void missing_directories_come_first(void **state)
{
	AUTOBACKEND struct backend *b = fake_new();
	AUTOERROR struct error err = ERROR_NONE;
	AUTOPLAN struct plan plan = { 0 };
	AUTOBUF struct buf order = { 0 };

	(void)state;
	fake_dir(b, "/etc", 0755);
	plan_write(&plan, "/etc/x/y/file", buf_from(""), ATTR_ROOT_0644, "test");
	plan_write(&plan, "/home/pi/.ssh/authorized_keys", buf_from(""), ATTR_ROOT_0600, "test");
	plan_mkdir(&plan, "/home/pi/.ssh", ATTR_ROOT_0700, "test");
	plan_remove(&plan, "/no/such/file", "test");

	assert_int_equal(plan_complete(&plan, b, &err), 0);
	order_of(&plan, &order);
	assert_text("order", buf_text(&order),
		    "mkdir /etc/x\nmkdir /etc/x/y\nwrite /etc/x/y/file\n"
		    "mkdir /home\nmkdir /home/pi\nmkdir /home/pi/.ssh\n"
		    "write /home/pi/.ssh/authorized_keys\nremove /no/such/file\n");
	assert_int_equal(plan_find(&plan, "/home/pi/.ssh")->attr.mode, 0700);
}

static void fill_plan(struct plan *plan)
{
	plan_mkdir(plan, "/d", (struct file_attr){ .uid = 1000, .gid = 1000, .mode = 0700 }, "t");
	plan_write(plan, "/d/f", buf_from("text"), ATTR_ROOT_0600, "test");
	plan_symlink(plan, "/l", "/d/f", "test");
	plan_remove(plan, "/gone", "test");
}

static void applies_once_and_reads_back(void **state)
{
	AUTOBACKEND struct backend *b = fake_new();
	AUTOMISMATCHES struct plan_mismatches before = { 0 }, after = { 0 };
	const struct plan_target target = { .fd = -1, .backend = b };
	AUTOERROR struct error err = ERROR_NONE;
	AUTOPLAN struct plan plan = { 0 };

	(void)state;
	fake_text(b, "/gone", 0644, "x");
	fill_plan(&plan);

	assert_int_equal(plan_verify(&plan, &target, &before, &err), 0);
	assert_int_equal(before.count, 4);
	assert_int_equal(plan_apply(&plan, &target, &err), 0);
	assert_int_equal(plan_verify(&plan, &target, &after, &err), 0);
	assert_int_equal(after.count, 0);

	assert_int_equal(plan_apply(&plan, &target, &err), 0);
}

static void says_what_differs(void **state)
{
	static const char *const want[] = {
		"mode is 0755 instead of 0700",
		"content differs from byte 2 on",
		"is a file instead of a symbolic link",
		"is there, but should not be",
	};
	AUTOBACKEND struct backend *b = fake_new();
	const struct plan_target target = { .fd = -1, .backend = b };
	AUTOERROR struct error err = ERROR_NONE;
	AUTOPLAN struct plan plan = { 0 };

	(void)state;
	fake_dir(b, "/d", 0755);
	fake_text(b, "/d/f", 0600, "tExt");
	fake_text(b, "/l", 0644, "a file");
	fake_text(b, "/gone", 0644, "x");
	fill_plan(&plan);

	TEST_EACH (i, want) {
		AUTOFREE char *why = NULL;
		enum plan_state found;

		assert_int_equal(plan_compare(&plan.ops[i], &target, &found, &why, &err), 0);
		assert_int_equal(found, PLAN_CHANGED);
		assert_text(plan.ops[i].path, why, want[i]);
	}
}

static void failures_name_operation_and_path(void **state)
{
	AUTOBACKEND struct backend *b = fake_new();
	const struct plan_target target = { .fd = -1, .backend = b };
	AUTOERROR struct error err = ERROR_NONE;
	AUTOPLAN struct plan plan = { 0 };

	(void)state;
	fill_plan(&plan);
	fake_fail(b, "/d/f", -EIO);

	assert_int_equal(plan_apply(&plan, &target, &err), -EIO);
	assert_text("message", err.message, "write '/d/f': Input/output error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(later_operations_take_the_place),
		cmocka_unit_test(missing_directories_come_first),
		cmocka_unit_test(applies_once_and_reads_back),
		cmocka_unit_test(says_what_differs),
		cmocka_unit_test(failures_name_operation_and_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
