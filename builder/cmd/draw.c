/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/draw.h"

#include "util/alloc.h"

/** What is drawn for what. */
struct glyphs {
	const char *bar, *gap, *used, *free, *unknown;
};

static const struct glyphs ascii = { "|", " ", "#", ".", "?" };
static const struct glyphs blocks = { "│", " ", "█", "░", "▒" };

/** A drawing under way: the disk above, the numbers below. */
struct drawing {
	const struct glyphs *glyphs;
	struct buf disk, numbers;
};

static void cells(struct drawing *d, const char *glyph, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		buf_adds(&d->disk, glyph);
}

static unsigned scale(uint64_t bytes, uint64_t total, unsigned width)
{
	return (unsigned)((double)bytes * width / (double)total + 0.5);
}

static void draw_gap(struct drawing *d, uint64_t bytes, uint64_t total, unsigned width)
{
	unsigned n = scale(bytes, total, width);

	cells(d, d->glyphs->gap, n);
	buf_addf(&d->numbers, "%*s", (int)n, "");
}

static void draw_partition(struct drawing *d, const struct partition *part,
			   const struct draw_usage *usage, uint64_t total, unsigned width)
{
	unsigned n = scale(part->size, total, width);

	if (n == 0)
		n = 1;

	cells(d, d->glyphs->bar, 1);
	if (usage->used == UINT64_MAX) {
		cells(d, d->glyphs->unknown, n);
	} else {
		unsigned used = scale(usage->used, part->size, n);

		if (used > n)
			used = n;
		cells(d, d->glyphs->used, used);
		cells(d, d->glyphs->free, n - used);
	}
	buf_addf(&d->numbers, " %-*u", (int)n, part->number);
}

void draw_disk(const struct layout *layout, const struct draw_usage *usage, unsigned width,
	       bool utf8, struct buf *ret)
{
	struct drawing d = { .glyphs = utf8 ? &blocks : &ascii };
	uint64_t total = layout->size ? layout->size : 1, end = 0;

	for (size_t i = 0; i < layout->count; i++) {
		const struct partition *part = &layout->partitions[i];

		if (part->offset > end)
			draw_gap(&d, part->offset - end, total, width);
		draw_partition(&d, part, &usage[i], total, width);
		end = part->offset + part->size;
	}
	cells(&d, d.glyphs->bar, 1);

	buf_addf(ret, "  %s\n  %s\n", buf_text(&d.disk), buf_text(&d.numbers));
	buf_free(&d.disk);
	buf_free(&d.numbers);
}
