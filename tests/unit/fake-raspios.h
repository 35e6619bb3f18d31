/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What an adapter can see of a Raspberry Pi OS image, in memory.
 */
#pragma once

#include "fake-backend.h"
#include "image/layout.h"

/** Partitions of the image: disk id 1a2b3c4d; borrowed, constant. */
extern const struct layout fake_layout;

/** An image of 2026-04 (trixie), nothing mounted yet. */
struct backend *fake_trixie(void);

/** An image of 2024 (bookworm). */
struct backend *fake_bookworm(void);
