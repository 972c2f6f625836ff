/* SPDX-License-Identifier: MIT */
#include "predict/kserve_wire.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char metadata[] =
    "{\"name\":\"face\",\"inputs\":[{\"name\":\"in\",\"datatype\":\"FP32\",\"shape\":[-1,3,2,2]}],"
    "\"outputs\":[{\"name\":\"a\",\"datatype\":\"FP32\",\"shape\":[-1,2]},"
    "{\"name\":\"b\",\"datatype\":\"INT64\",\"shape\":[1]}]}";

static struct tensor_ports ports;
static struct kserve_outputs outputs;
static char why[256];

static int setup(void **state)
{
    (void)state;
    assert_int_equal(kserve_metadata_read(metadata, strlen(metadata), &ports, why, sizeof(why)), 0);
    return 0;
}

static void metadata_becomes_ports(void **state)
{
    (void)state;
    assert_int_equal(ports.input_count, 1);
    assert_int_equal(ports.output_count, 2);
    assert_string_equal(ports.outputs[1].name, "b");
    assert_int_equal(ports.outputs[1].shape.type, TENSOR_I64);
    assert_int_equal(ports.inputs[0].shape.sides[0], -1);
    for (size_t size = 0; size < strlen(metadata); size++) {
        struct tensor_ports none;
        assert_int_equal(kserve_metadata_read(metadata, size, &none, why, sizeof(why)), -EPROTO);
    }
}

static void request_is_padded_json(void **state)
{
    (void)state;
    size_t size = 0;
    ports.inputs[0].shape.sides[0] = 1;
    char *json = kserve_request_new(&ports, &size);
    assert_non_null(json);
    assert_int_equal(size % KSERVE_ALIGNMENT, 0);
    assert_int_equal(strlen(json), size);
    assert_non_null(strstr(json, "\"shape\":[1,3,2,2]"));
    assert_non_null(strstr(json, "\"binary_data_size\":48"));
    assert_non_null(strstr(json, "{\"name\":\"b\",\"parameters\":{\"binary_data\":true}}"));
    free(json);
}

#define OUTPUT(type, shape, bytes)                                   \
    "{\"name\":\"a\",\"datatype\":\"" type "\",\"shape\":" shape "," \
    "\"parameters\":{\"binary_data_size\":" bytes "}}"
#define OUTPUT_A OUTPUT("FP32", "[1,2]", "8")
#define OUTPUT_B                                                                                   \
    "{\"name\":\"b\",\"datatype\":\"INT64\",\"shape\":[1],\"parameters\":{\"binary_data_size\":8}" \
    "}"

static int answer(const char *json, size_t tail_size)
{
    const float a[] = { 0.25f, -1 };
    const int64_t b = 7;
    char body[1024];
    const size_t json_size = strlen(json);
    memcpy(body, json, json_size);
    memcpy(body + json_size, &b, 8); /* b comes first, and nothing is aligned */
    memcpy(body + json_size + 8, a, 8);
    const struct kserve_answer one = { body, json_size + tail_size, json_size };
    return kserve_answer_read(&one, &ports, &outputs, why, sizeof(why));
}

static void answer_is_read_in_its_own_order(void **state)
{
    (void)state;
    assert_int_equal(answer("{\"outputs\":[" OUTPUT_B "," OUTPUT_A "]}", 16), 0);
    assert_float_equal(tensor_value(&outputs.tensors[0], 0), 0.25f, 0);
    assert_float_equal(tensor_value(&outputs.tensors[0], 1), -1, 0);
    assert_float_equal(tensor_value(&outputs.tensors[1], 0), 7, 0);
    kserve_outputs_fini(&outputs);
}

static const struct {
    const char *json, *why;
} wrong[] = {
    { "", "its first 0 bytes of 16 are no JSON" },
    { "[]", "it has no outputs" },
    { "{}", "it has no outputs" },
    { "{\"outputs\":7}", "it has no outputs" },
    { "{\"error\":\"no GPU left\"}", "no GPU left" },
    { "{\"outputs\":[]}", "output 'a' is missing" },
    { "{\"outputs\":[" OUTPUT_B "]}", "output 'a' is missing" },
    { "{\"outputs\":[7]}", "had no output ''" },
    { "{\"outputs\":[{\"name\":\"c\"}]}", "had no output 'c'" },
    { "{\"outputs\":[" OUTPUT("FP32", "[1,2]", "4") "]}", "'a' is f32[1,2] and has 4 bytes" },
    { "{\"outputs\":[" OUTPUT("FP32", "[1,2]", "-8") "]}", "has -8 bytes" },
    { "{\"outputs\":[" OUTPUT("FP32", "[1,2]", "\"8\"") "]}", "has no binary_data_size" },
    { "{\"outputs\":[" OUTPUT("INT32", "[1,2]", "8") "]}", "another datatype" },
    { "{\"outputs\":[" OUTPUT("FP16", "[1,2]", "4") "]}", "another datatype" },
    { "{\"outputs\":[" OUTPUT("FP32", "[-1,2]", "0") "]}", "has no shape" },
    { "{\"outputs\":[" OUTPUT("FP32", "[1.5,2]", "8") "]}", "has no shape" },
    { "{\"outputs\":[" OUTPUT("FP32", "[1,1,1,1,1,1,1,1,2]", "8") "]}", "has no shape" },
    /* more values than there may be are not none */
    { "{\"outputs\":[" OUTPUT("FP32", "[1,1099511627776,2]", "0") "]}", "has no shape" },
    { "{\"outputs\":[" OUTPUT("FP32", "[65536,65536]", "0") "]}", "has no shape" },
    { "{\"outputs\":[" OUTPUT("FP32", "[0,1099511627776]", "0") "]}", "has no shape" },
};

static void what_does_not_add_up_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(answer(wrong[i].json, 16), -EPROTO);
        if (!strstr(why, wrong[i].why)) {
            fail_msg("%s: %s", wrong[i].json, why);
        }
    }
    for (size_t tail = 0; tail < 16; tail++) { /* cut short */
        assert_int_equal(answer("{\"outputs\":[" OUTPUT_B "," OUTPUT_A "]}", tail), -EPROTO);
        assert_non_null(
            strstr(why, tail < 8 ? "ends within output 'b'" : "ends within output 'a'"));
    }
    const struct kserve_answer beyond = { "{}", 2, 3 };
    assert_int_equal(kserve_answer_read(&beyond, &ports, &outputs, why, sizeof(why)), -EPROTO);
    kserve_outputs_fini(&outputs);
}

/* An empty tensor is one, and what is of no use may have any size. */
static void what_has_no_numbers_is_read(void **state)
{
    (void)state;
    ports.outputs[0].shape.type = TENSOR_OTHER;
    assert_int_equal(answer("{\"outputs\":[" OUTPUT_B "," OUTPUT("BYTES", "[1,2]", "5") "]}", 13),
                     0);
    assert_int_equal(answer("{\"outputs\":[" OUTPUT("BYTES", "[1]", "8") "," OUTPUT_B "]}", 16), 0);
    assert_int_equal(answer("{\"outputs\":[" OUTPUT_B "," OUTPUT("BYTES", "[1]", "9") "]}", 16),
                     -EPROTO);
    ports.outputs[0].shape.type = TENSOR_F32;
    assert_int_equal(answer("{\"outputs\":[" OUTPUT_B "," OUTPUT("FP32", "[1,0]", "0") "]}", 8), 0);
    assert_int_equal(tensor_count(&outputs.tensors[0].shape), 0);
    kserve_outputs_fini(&outputs);
}

/* jansson would take fifty times its room. */
static void too_much_json_is_not_read(void **state)
{
    (void)state;
    char *body = malloc(KSERVE_JSON_MAX + 1);
    memset(body, ' ', KSERVE_JSON_MAX + 1);
    memcpy(body, "{}", 2);
    struct kserve_answer one = { body, KSERVE_JSON_MAX + 1, KSERVE_JSON_MAX };
    assert_int_equal(kserve_answer_read(&one, &ports, &outputs, why, sizeof(why)), -EPROTO);
    assert_non_null(strstr(why, "it has no outputs"));
    one.json_size++;
    assert_int_equal(kserve_answer_read(&one, &ports, &outputs, why, sizeof(why)), -EPROTO);
    assert_non_null(strstr(why, "are no JSON"));
    free(body);
}

static void errors_are_read(void **state)
{
    (void)state;
    char text[64];
    static const char error[] = "{\"error\":\"no\\nmodel\"}";
    kserve_error_read(error, strlen(error), text, sizeof(text));
    assert_string_equal(text, "no model");
    kserve_error_read("<html>", 6, text, sizeof(text));
    assert_string_equal(text, "<html>");
    kserve_error_read("", 0, text, sizeof(text));
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(metadata_becomes_ports, setup),
        cmocka_unit_test_setup(request_is_padded_json, setup),
        cmocka_unit_test_setup(answer_is_read_in_its_own_order, setup),
        cmocka_unit_test_setup(what_does_not_add_up_is_refused, setup),
        cmocka_unit_test_setup(what_has_no_numbers_is_read, setup),
        cmocka_unit_test_setup(too_much_json_is_not_read, setup),
        cmocka_unit_test_setup(errors_are_read, setup),
    };
    return cmocka_run_group_tests_name("predict/kserve_wire", tests, NULL, NULL);
}
