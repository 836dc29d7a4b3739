#include "data/documents.h"
#include "fuzz/input.h"
#include "fuzz/readers.h"

/* As plain text and as JSON lines. */
void fuzz_documents(const uint8_t *bytes, size_t size)
{
    fuzz_input input = fuzz_input_open(bytes, size);
    for (int json_lines = 0; json_lines < 2; json_lines++) {
        dat_documents documents;
        const char *text = NULL;
        int64_t text_size, total = 0;
        dat_status status = dat_documents_open(input.path, &documents);
        documents.json_lines = json_lines;
        do {
            if (status.code == DAT_CODE_OK)
                status = dat_documents_next(&documents, &text, &text_size);
            for (int64_t i = 0; status.code == DAT_CODE_OK && text && i < text_size; i++)
                total += text[i] != '\0';
        } while (status.code == DAT_CODE_OK && text);
        DAT_ASSERT(total <= (int64_t)size);
        dat_documents_close(&documents);
    }
    fuzz_input_close(&input);
}
