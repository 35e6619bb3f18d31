/* SPDX-License-Identifier: Apache-2.0 */
/* Stand-in for libFuzzer: run the target once over every file of the corpus directories. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>

#include "util/alloc.h"
#include "util/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_directory(const char *path)
{
	int count = 0;
	DIR *dir = opendir(path);

	if (!dir) {
		perror(path);
		return -1;
	}

	for (const struct dirent *entry; (entry = readdir(dir));) {
		AUTOERROR struct error err = ERROR_NONE;
		AUTOBUF struct buf content = { 0 };
		AUTOFREE char *file = xasprintf("%s/%s", path, entry->d_name);

		if (entry->d_name[0] == '.' || file_read(file, 1 << 20, &content, NULL, &err) < 0)
			continue;
		LLVMFuzzerTestOneInput((const uint8_t *)buf_text(&content), content.len);
		count++;
	}

	(void)closedir(dir);
	return count;
}

int main(int argc, char *argv[])
{
	int count = 0;

	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-')
			continue;

		int n = replay_directory(argv[i]);
		if (n <= 0)
			return 1;
		count += n;
	}

	printf("%d inputs replayed\n", count);
	return count ? 0 : 1;
}
