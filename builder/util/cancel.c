/* SPDX-License-Identifier: Apache-2.0 */
#include "util/cancel.h"

#include <errno.h>
#include <stddef.h>

#include "util/alloc.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

void cancel_begin(struct cancel *cancel)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&set, signals[i]);

	sigprocmask(SIG_BLOCK, &set, &cancel->old);
}

bool cancel_requested(void)
{
	sigset_t pending;

	if (sigpending(&pending) < 0)
		return false;

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (sigismember(&pending, signals[i]) == 1)
			return true;

	return false;
}

int cancel_check(struct error *err)
{
	if (!cancel_requested())
		return 0;

	return error_set(err, -EINTR, "interrupted");
}

void cancel_end(struct cancel *cancel)
{
	sigprocmask(SIG_SETMASK, &cancel->old, NULL);
}
