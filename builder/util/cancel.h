/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Orderly ends: ^C and SIGTERM are held back while there is something to clean up.
 *
 * Between cancel_begin() and cancel_end() the signals stay pending; long work
 * asks cancel_requested() and stops.  cancel_end() lets them through, so that the
 * program then ends by the signal, as its caller expects.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>

#include "util/error.h"

/** Signal mask to go back to. */
struct cancel {
	sigset_t old;
};

/** Hold back SIGINT, SIGTERM and SIGHUP. */
void cancel_begin(struct cancel *cancel);

/** Is one of them pending? */
bool cancel_requested(void);

/** -EINTR and "interrupted" if one of them is pending. */
int cancel_check(struct error *err);

/** Let them through. */
void cancel_end(struct cancel *cancel);
#define AUTOCANCEL CLEANUP(cancel_end)
