import DistillBERT
import DistillCore
import DistillHNSW
import DistillPipeline
import DistillTokenizers
import DistillYAML
import Foundation

extension Bench {
  /// Everything that we read, and where its files come from.
  func targets() throws -> [Target] { try texts() + models() + runs() }

  // MARK: pipelines and texts

  private static let yamlWords = """
    extends: use: ${ ${NAME} ${NAME:-a} $${ version task train validation max_length hold_out unlabelled labels teacher student losses \
    weight layer_map uniform last skip schedule progressive stacked simultaneous knowledge_base retriever hnsw exact choose beta \
    precision bfloat16 training epochs batch_size micro_batch_size learning_rate warmup keep best output << & * ! | > ? - : [ ] { } , # \
    %YAML !!str !!int !!float !!null !!binary
    """

  private func decode(_ document: YAMLDocument, andCheck: Bool) throws {
    var document = document
    document.extend()
    document.substitute(environment: ["NAME": "a"])
    let draft: Draft<PipelineOptions> = try document.draft(registry: registry)
    var refusal: Diagnostics?
    do {
      let decoded = try draft.decoded()
      _ = (decoded.annotatedYAML(), decoded.value.resolvedYAML())
    } catch {
      _ = (error.rendered(colour: true), try error.json())
      refusal = error
    }
    // What is right of it is checked all the same.
    if andCheck { _ = try Pipeline(draft).summary }
    if let refusal { throw refusal }
  }

  private func texts() throws -> [Target] {
    let pipelines =
      try members(["pipeline.yaml", "plain.yaml", "everything.yaml", "runs/tiny/pipeline.yaml"])
      + members("examples") { $0.hasSuffix(".yaml") }
    let overrides = [
      "training.epochs=3", "losses[0].weight=0.5", "losses[1]={use: relational-kl}", "teacher={}", "student.use=bert",
      "layer_map=[[1, 2], [2, 4]]", "knowledge_base.choose.beta=[0.1, 0.2]", "name=\"a\"", "task.labels=[a, b]",
      "a.b.c[3].d=",
    ].map { Member(path: "set", bytes: Array($0.utf8)) }
    let maps = ["uniform", "last", "skip", "[]", "[[1, 2]]", "[[1, 2], [2, 4], [3, 6]]", "[[1, 1], [1, 2]]", "[1, 2]"]
      .map {
        Member(path: "map", bytes: Array($0.utf8))
      }
    return [
      try Target("yaml", weight: 90, pipelines, words: Self.yamlWords) { _, bytes in
        try decode(YAMLDocument(Data(bytes), name: "mutant.yaml", folder: url), andCheck: true)
      },
      try Target("set", weight: 45, overrides, words: Self.yamlWords + " [0] [999999999999] . = training.epochs losses")
      {
        _, bytes in
        var document = YAMLDocument(file: url.appending(path: "pipeline.yaml").path)
        let parts = String(decoding: bytes, as: UTF8.self).split(
          separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        document.set(String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
        try decode(document, andCheck: false)
      },
      try Target("layer-map", weight: 90, maps, words: "[ ] , uniform last skip - 0 1 2 3") { _, bytes in
        struct Options: Configurable {
          var map = LayerMap.uniform
          mutating func options(_ visit: inout OptionVisitor) { visit("layer_map", &map, "") }
        }
        let document = YAMLDocument(Data(Array("layer_map: ".utf8) + bytes), name: "map.yaml", folder: url)
        let map = try document.decode(Options.self, registry: registry).value.map
        for (student, teacher) in [(1, 1), (2, 3), (3, 12), (12, 3), (1000, 1000)] {
          _ = try? map.resolved(student: student, teacher: teacher)
        }
      },
      try taskTarget(), try answersTarget(),
    ]
  }

  private func taskTarget() throws -> Target {
    func generic(_ format: RowLayout.Format, pairs: Bool, labels: [String]?) throws -> TaskDefinition {
      let layout = RowLayout(
        format, text: pairs ? "a" : "text", pair: pairs ? "b" : nil, target: pairs ? "score" : "label")
      return try TaskDefinition.generic(layout, labels: labels)
    }
    let tasks: [String: TaskDefinition?] = [
      "tasks/rows.jsonl": try generic(.jsonl, pairs: false, labels: []),
      "tasks/rows.csv": try generic(.csv, pairs: false, labels: []),
      "tasks/nested.jsonl": try TaskDefinition.generic(
        RowLayout(.jsonl, text: "messages.0.text", target: "meta.label"), labels: []),
      "tasks/rows.tsv": try generic(.tsv, pairs: false, labels: ["negative", "neutral", "positive"]),
      "tasks/pairs.jsonl": try generic(.jsonl, pairs: true, labels: nil),
      "tasks/pairs.tsv": try generic(.tsv, pairs: true, labels: nil),
      "tasks/mrpc.tsv": .named("mrpc"), "tasks/cola.tsv": .named("cola"), "tasks/qnli.tsv": .named("qnli"),
      "tasks/sts-b.tsv": .named("sts-b"),
    ]
    let words =
      "text label score a b negative neutral positive entailment NaN inf 1e999 \\t \\n \\u0000 \\ud800 \\ud83d \" true null"
    return try Target("task", weight: 250, members(tasks.keys.sorted()), words: words) { member, bytes in
      guard let task = tasks[member.path] ?? nil else { return }
      try trying(member, bytes) { file in
        _ = try? task.survey(file, atMost: 3)
        let whole = try task.collectingLabels(from: [file])
        _ = try whole.read(file)
      }
      _ = try task.readUnlabelled(bytes, named: "standard input")
    }
  }

  private func answersTarget() throws -> Target {
    let labels = ["negative", "neutral", "positive"]
    let tasks: [String: (kind: TaskKind, hasPairs: Bool)] = [
      "tasks/answers.jsonl": (.classification(labels: labels), false),
      "tasks/several.jsonl": (.multilabel(labels: labels), false), "tasks/scores.jsonl": (.regression, true),
    ]
    let words =
      "text pair label labels score probabilities logprobs logits embedding confidence negative neutral positive null true [] {} NaN "
      + "1e999 -1 0 1 0.5 -1e-320 \\u0000 \\ud800"
    return try Target("answers", weight: 200, members(tasks.keys.sorted()), words: words) { member, bytes in
      guard let task = tasks[member.path] else { return }
      try trying(member, bytes) { file in
        _ = try? AnswerTable.embeddingWidth(of: file, member: "embedding")
        for other in tasks.values { _ = try? AnswerTable(file, task: other.kind, hasPairs: other.hasPairs) }
        let table = try AnswerTable(file, task: task.kind, hasPairs: task.hasPairs, labelSmoothing: 0.1)
        let written = file.deletingLastPathComponent().appending(path: "written.jsonl")
        try table.write(to: written, task: task.kind)
        let again = try AnswerTable(written, task: task.kind, hasPairs: task.hasPairs)
        for text in table.texts {
          precondition(again.logits(of: text) == table.logits(of: text), "written and read as other numbers")
        }
      }
    }
  }

  // MARK: models and tokenizers

  private func models() throws -> [Target] {
    let texts = [
      "the film was [MASK] good!", "", "\u{4E00}é\u{301} İß ﬁ \u{0}\u{FFFD}a", String(repeating: "ab", count: 150),
    ]
    func isTokenizer(_ path: String) -> Bool {
      ["tokenizer.json", "tokenizer_config.json", "vocab.txt"].contains { path.hasSuffix("/" + $0) }
    }
    func ask(_ encoder: any TextEncoder) throws {
      let sequence = encoder.tokenizer.encode(texts[0], pair: texts[2], maxLength: min(16, encoder.card.maximumLength))
      _ = try encoder.respond(to: TokenBatch([sequence], examples: [0]), with: [.embedding, .logits])
    }
    return [
      try Target(
        "tokenizer", weight: 36, members("tokenizers") + members("runs/tiny/student", isTokenizer),
        words: """
          [PAD] [UNK] [CLS] [SEP] [MASK] ## "vocab" "added_tokens" "id" "content" "normalized" "lstrip" "rstrip" "single_word" \
          "max_input_chars_per_word" "continuing_subword_prefix" "lowercase" "strip_accents" "model_max_length" \
          "added_tokens_decoder" true false null -1 99999999999 "merges" "unk_id" "byte_fallback" "ignore_merges" "fuse_unk" \
          "BPE" "Unigram" "WordPiece" "Sequence" "NFKC" "Metaspace" "ByteLevel" "Split" "first" "precompiled_charsmap" [] {} 1e308
          """
      ) { member, bytes in
        try trying(member, bytes) { file in
          let tokenizer = try TokenizerFile.read(folder: file.deletingLastPathComponent())
          for text in texts { _ = tokenizer.encode(text, pair: texts[0], maxLength: 12) }
          _ = (tokenizer.encode(texts[3], pair: nil, maxLength: nil), tokenizer.fingerprint)
        }
      },
      try Target(
        "safetensors", weight: 200, members("safetensors"),
        words:
          "\"dtype\" \"shape\" \"data_offsets\" \"F32\" \"F64\" \"F16\" \"BF16\" \"I64\" \"BOOL\" __metadata__ [] [0] [1,1]"
      ) { member, bytes in
        try trying(member, bytes) { file in
          let reader = try SafetensorsReader(file)
          for name in reader.names.prefix(8) {
            _ = try? reader.floats(named: name)
            _ = try? reader.integers(named: name)
            _ = try? reader.floats(named: name, 0..<min(2, reader.tensors[name]?.count ?? 0))
          }
        }
      },
      try Target(
        "model", weight: 4, members(["teacher/config.json", "teacher/model.safetensors", "teacher/vocab.txt"]),
        words:
          "num_hidden_layers vocab_size hidden_size bert. classifier.weight gelu relu id2label problem_type regression"
      ) { member, bytes in
        try trying(member, bytes) { file in
          let folder = file.deletingLastPathComponent()
          do { try ask(BERTEncoder(folder, readout: .mean)) } catch { _ = "\(error)" }
          try ask(ModelFolder.encoder(folder, registry: registry))
        }
      },
    ]
  }
}
