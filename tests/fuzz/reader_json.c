#include "fuzz/input.h"
#include "fuzz/readers.h"
#include "io/json.h"

static void read_members(const json_t *json)
{
    enum { LARGEST = 1000 };
    static const char *const required[] = {"integer", NULL}, *const names[] = {"first", "second", NULL};
    dat_members members, object;
    dat_status status = DAT_OK;
    dat_members_open(&members, json, required, "the file", &status);
    int64_t integer = dat_member_integer(&members, "integer", 0, -LARGEST, LARGEST);
    double number = dat_member_number(&members, "number", 0, -LARGEST, LARGEST);
    int choice = dat_member_choice(&members, "choice", names, 0);
    dat_member_object(&members, "object", NULL, &object);
    dat_member_flag(&object, "flag", false);
    dat_members_close(&object);
    dat_members_close(&members);
    DAT_ASSERT(integer >= -LARGEST && integer <= LARGEST);
    DAT_ASSERT(number >= -LARGEST && number <= LARGEST);
    DAT_ASSERT(choice == 0 || choice == 1);
    DAT_ASSERT((status.code == DAT_CODE_OK) == (status.message[0] == '\0'));
}

void fuzz_json(const uint8_t *bytes, size_t size)
{
    json_t *json;
    fuzz_input input = fuzz_input_open(bytes, size);
    if (dat_json_read(input.path, &json).code == DAT_CODE_OK)
        read_members(json);
    json_decref(json);
    fuzz_input_close(&input);
}
