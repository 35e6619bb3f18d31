/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Locks between processes: a file in a directory that whoever works there holds.
 */
#pragma once

#include "util/error.h"

/**
 * Wait until nobody else holds the lock; ^C ends the waiting (util/cancel.h).
 *
 * @param dir   open directory
 * @param name  of the file, which is made if it is not there
 * @return a descriptor, the caller's; closing it releases the lock
 */
int lock_take(int dir, const char *name, struct error *err);

/** Remove the file of a lock that is held, and release it.  Whoever waits makes a new one. */
void lock_remove(int dir, const char *name, int *fd);
