/* A table in all its formats. */
#include <stdlib.h>

#include "report.h"

dat_status report_write_table(const dat_report *report, const dat_table *table, const char *name)
{
    static const struct {
        const char *extension;
        dat_status (*write)(const dat_table *table, const char *path);
    } formats[] = {
        {"md", dat_table_write_markdown}, {"csv", dat_table_write_csv}, {"tex", dat_table_write_tex}};
    dat_status status = DAT_OK;
    for (int i = 0; i < 3 && status.code == DAT_CODE_OK; i++) {
        char *path = report_format("%s/%s.%s", report->tables, name, formats[i].extension);
        status = formats[i].write(table, path);
        if (status.code == DAT_CODE_OK)
            report_wrote(path);
        free(path);
    }
    return status;
}
