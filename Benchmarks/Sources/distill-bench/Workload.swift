import DistillBERT
import DistillCore
import DistillTraining
import Foundation

/// What both sides are given: the same token ids and the same weights, in a folder.
struct Workload: Codable {
  struct Batch: Codable {
    var ids: [[Int32]]
    var types: [[Int32]]
    var labels: [Int]
  }

  var batches: [Batch] = []
  /// Of the tokenizer's case.
  var texts: [String] = []
  var usesDropout = true

  static let task = TaskKind.classification(labels: ["0", "1"])
  static func context() -> PipelineContext { PipelineContext(task: task, maximumLength: 512, key: RandomKey(1)) }

  static func read(_ folder: URL) throws -> Workload {
    try JSONDecoder().decode(Workload.self, from: Data(contentsOf: folder.appending(path: "workload.json")))
  }

  /// Batches in a random order of the texts, and teacher and student, with fresh heads, in Hugging Face's layout.
  static func prepare(_ item: Case, in folder: URL, model: URL, glue: URL, dropout: Bool, batches count: Int) throws {
    var context = context()
    var base = BERTTeacher(checkpoint: model)
    (base.pooler, base.classifier) = (.fresh, .fresh)
    var student = BERTStudent()
    (student.checkpoint, student.layers, student.pooler) = (OptionPath(model.path), item.studentLayers, .fresh)
    student.classifier = .fresh
    context = context.with(student: try student.card(in: context))
    let teacher = try base.makeTeacher(
      in: context,
      Preparation(trainer: TrainingLoop()) { _ in throw ContractError("the teacher is to stay as it is") })
    for (name, encoder) in [
      ("teacher", teacher as any TextEncoder),
      ("student", try student.makeStudent(in: context, teacher: nil, nil).model()),
    ] {
      let place = folder.appending(path: name)
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      try encoder.write(to: place)
    }
    let (inputs, width) = (teacher.card.embeddingWidth, try context.student?.embeddingWidth ?? 0)
    var head = SafetensorsWriter()
    head.add("weight", shape: [width, inputs]) {
      Tensor(normal: [width, inputs], standardDeviation: 1 / Float(inputs).squareRoot(), key: RandomKey(2)).values
    }
    head.add("bias", shape: [width]) { Array(repeating: Float(0), count: width) }
    try head.write(to: folder.appending(path: "teacher/projection-head.safetensors"))
    var workload = Workload(usesDropout: dropout)
    if item.work == .tokenizer {
      workload.texts = try examples(.mrpc, glue).flatMap { [$0.text, $0.pair ?? ""] }
    } else {
      workload.batches = try batches(item, teacher.tokenizer, glue, count)
    }
    try JSONEncoder().encode(workload).write(to: folder.appending(path: "workload.json"))
  }

  private static func examples(_ lengths: Case.Lengths, _ glue: URL) throws -> [Example] {
    let (folder, task) = lengths == .sst2 ? ("SST-2", "sst-2") : ("MRPC", "mrpc")
    guard let definition = TaskDefinition.named(task) else { throw ContractError("no task \(task)") }
    return try definition.read(glue.appending(path: "\(folder)/train.tsv")).examples
  }

  private static func batches(
    _ item: Case, _ tokenizer: any Tokenizer, _ glue: URL, _ count: Int
  ) throws -> [Batch] {
    let key = RandomKey(7)
    if item.lengths == .fixed {
      return (0..<count).map { batch in
        let ids = (0..<item.batchSize).map { row in
          let words = key.child(batch).child(row).permutation(tokenizer.vocabularySize - 1000).prefix(item.length - 2)
          return [101] + words.map { Int32($0 + 1000) } + [102]
        }
        return Batch(
          ids: ids, types: ids.map { $0.map { _ in 0 } }, labels: (0..<item.batchSize).map { $0 % 2 })
      }
    }
    let texts = try examples(item.lengths, glue)
    // Without the last, short batch of an epoch.
    let order = Array(key.permutation(texts.count).prefix(texts.count / item.batchSize * item.batchSize))
    return (0..<count).map { batch in
      let sequences = (0..<item.batchSize).map { row in
        let example = texts[order[(batch * item.batchSize + row) % order.count]]
        let label = if case .label(let label) = example.target { label } else { 0 }
        return (tokenizer.encode(example.text, pair: example.pair, maxLength: item.length), label)
      }
      return Batch(ids: sequences.map(\.0.ids), types: sequences.map(\.0.typeIDs), labels: sequences.map(\.1))
    }
  }

  /// All batches as one dataset; batch i is the examples of `range(i)`.
  var dataset: EncodedDataset {
    EncodedDataset(
      sequences: batches.flatMap { zip($0.ids, $0.types).map { TokenSequence(ids: $0, typeIDs: $1) } },
      targets: batches.flatMap { $0.labels.map { Target.label($0) } })
  }

  func examples(ofBatch index: Int) -> Range<Int> {
    let size = batches[0].ids.count
    return index % batches.count * size..<(index % batches.count + 1) * size
  }

  func lengths(ofBatch index: Int) -> [Int] {
    batches.isEmpty ? [] : batches[index % batches.count].ids.map(\.count)
  }
}
