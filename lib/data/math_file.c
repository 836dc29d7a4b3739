#include "data/math_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/memory.h"

static dat_status map_descriptor(const char *path, int descriptor, dat_math_file *file)
{
    struct stat info;
    if (fstat(descriptor, &info) != 0)
        return dat_failure("%s: cannot be read: %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode) || info.st_size == 0)
        return dat_failure("%s: is %s, expected questions and answers", path,
                           S_ISREG(info.st_mode) ? "empty" : "not a file");
    void *bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (bytes == MAP_FAILED)
        return dat_failure("%s: cannot be mapped: %s", path, strerror(errno));
    file->bytes = bytes;
    file->size = (size_t)info.st_size;
    return DAT_OK;
}

static dat_status map(const char *path, dat_math_file *file)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return dat_failure("%s: cannot be opened: %s", path, strerror(errno));
    dat_status status = map_descriptor(path, descriptor, file);
    close(descriptor);
    return status;
}

/* Checks one line of `length` characters: the name of what it should be ("question") is for the message. */
static dat_status check_line(const char *path, int64_t line, const char *name, const char *text,
                             int64_t length, int64_t longest)
{
    if (length == 0)
        return dat_failure("%s:%" PRId64 ": the line is empty, expected %s", path, line, name);
    if (length > longest)
        return dat_failure("%s:%" PRId64 ": %s of %" PRId64 " characters, the longest may have %" PRId64,
                           path, line, name, length, longest);
    for (int64_t i = 0; i < length; i++) {
        int32_t token = dat_math_token(text[i]);
        if (token < 0 || token == DAT_MATH_START || token == DAT_MATH_END)
            return dat_failure("%s:%" PRId64 ": character %" PRId64
                               " has the code 0x%02x, which is not one of the alphabet's",
                               path, line, i + 1, (unsigned)(unsigned char)text[i]);
    }
    return DAT_OK;
}

/* Finds and checks the line that starts at *start, and moves on to the next. */
static dat_status next_line(const char *path, const dat_math_file *file, int64_t line, size_t *start)
{
    bool is_question = line % 2 == 1;
    const char *text = file->bytes + *start;
    const char *end = memchr(text, '\n', file->size - *start);
    if (!end)
        return dat_failure("%s:%" PRId64 ": the last line has no end; is the file complete?", path, line);
    *start += (size_t)(end - text) + 1;
    return check_line(path, line, is_question ? "a question" : "an answer", text, end - text,
                      is_question ? DAT_MATH_MAX_QUESTION : DAT_MATH_MAX_ANSWER);
}

static dat_status find_pairs(const char *path, dat_math_file *file)
{
    int64_t capacity = 0;
    size_t start = 0;
    while (start < file->size) {
        if (file->n == capacity) {
            capacity = capacity ? 2 * capacity : 1024;
            file->questions = dat_reallocate(file->questions, (size_t)capacity, sizeof *file->questions);
        }
        file->questions[file->n] = (int64_t)start;
        int64_t line = 2 * file->n + 1;
        DAT_TRY(next_line(path, file, line, &start));
        if (start == file->size)
            return dat_failure("%s:%" PRId64 ": the last question has no answer", path, line);
        DAT_TRY(next_line(path, file, line + 1, &start));
        file->n++;
    }
    return DAT_OK;
}

dat_status dat_math_file_open(const char *path, dat_math_file *file)
{
    *file = (dat_math_file){.bytes = NULL};
    DAT_TRY(map(path, file));
    dat_status status = find_pairs(path, file);
    if (status.code != DAT_CODE_OK)
        dat_math_file_close(file);
    return status;
}

/* Copies a line, which has at most `longest` characters, and returns the start of the next. */
static const char *copy_line(const char *line, int64_t longest, char *text)
{
    char *end = memccpy(text, line, '\n', (size_t)longest + 1);
    DAT_ASSERT(end);
    end[-1] = '\0';
    return line + (end - text);
}

void dat_math_file_pair(const dat_math_file *file, int64_t i, dat_math_pair *pair)
{
    DAT_ASSERT(i >= 0 && i < file->n);
    const char *answer = copy_line(file->bytes + file->questions[i], DAT_MATH_MAX_QUESTION, pair->question);
    copy_line(answer, DAT_MATH_MAX_ANSWER, pair->answer);
}

void dat_math_file_close(dat_math_file *file)
{
    if (file->bytes)
        munmap((void *)(uintptr_t)file->bytes, file->size);
    free(file->questions);
    *file = (dat_math_file){.bytes = NULL};
}
