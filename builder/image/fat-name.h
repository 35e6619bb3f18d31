/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Names of files on a FAT.
 */
#pragma once

#include "util/error.h"

/** Is a name legal on a FAT, and safe to give to mtools? */
int fat_check_name(const char *name, struct error *err);
