/*
 * The table of files that were read, by device and inode, so that links to one file are that file.
 *
 * Layer: below whatever reads, and below outfile.c, which asks. Invariant: an entry stays until the
 * process ends, since an output may appear long after its input was closed.
 */
#include "read_files.h"

#include <pthread.h>
#include <stddef.h>
#include <sys/stat.h>

#include "util.h"

#define STEP 64u /* entries that the table grows by */

struct file_id {
    dev_t device;
    ino_t inode;
};

static struct file_id *table;
static size_t count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* variants are built side by side */

static bool find(const struct stat *file)
{
    for (size_t i = 0; i < count; i++) {
        if (table[i].device == file->st_dev && table[i].inode == file->st_ino) {
            return true;
        }
    }
    return false;
}

static void add(const struct stat *file)
{
    if (count % STEP == 0) {
        table = xrealloc(table, (count + STEP) * sizeof *table);
    }
    table[count++] = (struct file_id){file->st_dev, file->st_ino};
}

void read_files_note(int fd)
{
    struct stat file;

    if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode)) {
        return;
    }
    (void)pthread_mutex_lock(&lock);
    if (!find(&file)) {
        add(&file);
    }
    (void)pthread_mutex_unlock(&lock);
}

bool read_files_has(const char *path)
{
    struct stat file;
    bool found;

    if (stat(path, &file) != 0) {
        return false;
    }
    (void)pthread_mutex_lock(&lock);
    found = find(&file);
    (void)pthread_mutex_unlock(&lock);
    return found;
}
