{
  "variables": { "kmodctl_sanitize%": "" },
  "targets": [
    {
      "target_name": "kmodctl",
      "conditions": [
        ["OS!='linux'", { "type": "none" }, {
          "sources": [
            "native/addon.cc",
            "native/byte_lock.cc",
            "native/call_threads.cc",
            "native/contribution_columns.cc",
            "native/contribution_reader.cc",
            "native/decoder.cc",
            "native/decompress.cc",
            "native/dependency_graph.cc",
            "native/event_calls.cc",
            "native/file_stamps.cc",
            "native/index_calls.cc",
            "native/index_encoding.cc",
            "native/index_entries.cc",
            "native/kernel_questions.cc",
            "native/liblzma.cc",
            "native/libzstd.cc",
            "native/memory_file.cc",
            "native/module_calls.cc",
            "native/module_listing.cc",
            "native/module_parts.cc",
            "native/module_scan.cc",
            "native/module_sections.cc",
            "native/name_hash.cc",
            "native/obsolete_calls.cc",
            "native/open_files.cc",
            "native/own_thread.cc",
            "native/process_calls.cc",
            "native/publication.cc",
            "native/question_calls.cc",
            "native/random_seed.cc",
            "native/readable_watch.cc",
            "native/run_calls.cc",
            "native/scan_calls.cc",
            "native/shared_library.cc",
            "native/symbol_names.cc",
            "native/system_log.cc",
            "native/text_bytes.cc",
            "native/text_matching.cc",
            "native/tree_calls.cc",
            "native/tree_contributions.cc",
            "native/tree_index_calls.cc",
            "native/tree_indexes.cc",
            "native/uevent_socket.cc",
            "native/unpacked_memory.cc"
          ],
          "dependencies": ["<!(node -p \"require('node-addon-api').targets\"):node_addon_api"],
          "defines": [
            "NAPI_VERSION=8",
            "NODE_ADDON_API_DISABLE_DEPRECATED",
            "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
          ],
          "cflags_cc": ["-std=c++17", "-fvisibility=hidden", "-Wall", "-Wextra"],
          "ldflags": ["-Wl,-z,nodelete"],
          "libraries": ["-ldl"]
        }],
        ["kmodctl_sanitize!=''", {
          "cflags_cc": ["-fsanitize=<(kmodctl_sanitize)", "-fno-omit-frame-pointer", "-g", "-Werror"],
          "ldflags": ["-fsanitize=<(kmodctl_sanitize)"]
        }]
      ]
    }
  ]
}
