import DistillAttentionKL
import DistillBERT
import DistillCLSCosine
import DistillCore
import DistillCrossEntropy
import DistillPipeline
import DistillRelationalKL
import DistillSupervisedContrastiveHead
import DistillTraining
import Foundation

/// Our side: makes what the case needs from the workload's folder, then answers `N` on standard input with the seconds and
/// losses of the next N batches, and `limit` with this machine's speed at matrix products.
struct Ours {
  private let workload: Workload
  private let step: (Int) throws -> Double?

  init(_ work: Case.Work, folder: URL) throws {
    workload = try Workload.read(folder)
    if !workload.usesDropout { try Self.silenceDropout(folder) }
    step = try Self.step(work, workload, folder)
  }

  func serve() throws {
    var next = 0
    while let line = readLine() {
      if line == "limit" {
        try reply(Answer(seconds: [MatrixProducts.bestSeconds()], losses: [], peakMemory: 0))
        continue
      }
      var answer = Answer(seconds: [], losses: [], peakMemory: 0)
      for _ in 0..<(Int(line) ?? 0) {
        let started = ContinuousClock.now
        let loss = try step(next)
        answer.seconds.append(started.duration(to: .now) / .seconds(1))
        if let loss { answer.losses.append(loss) }
        next += 1
      }
      answer.peakMemory = Compute.peakMemory
      try reply(answer)
    }
  }

  private func reply(_ answer: Answer) throws {
    FileHandle.standardOutput.write(try JSONEncoder().encode(answer) + Data("\n".utf8))
  }

  private static func silenceDropout(_ folder: URL) throws {
    for name in ["teacher", "student"] {
      let file = folder.appending(path: "\(name)/config.json")
      guard var config = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any] else {
        continue
      }
      config["hidden_dropout_prob"] = 0
      config["attention_probs_dropout_prob"] = 0
      try JSONSerialization.data(withJSONObject: config).write(to: file)
    }
  }

  private static func step(_ work: Case.Work, _ workload: Workload, _ folder: URL) throws -> (Int) throws -> Double? {
    var context = Workload.context()
    var base = BERTTeacher()
    base.checkpoint = OptionPath(folder.appending(path: "teacher").path)
    var recipe = BERTStudent()
    recipe.checkpoint = OptionPath(folder.appending(path: work == .fineTuning ? "teacher" : "student").path)
    context = context.with(student: try recipe.card(in: context))
    let student = try recipe.makeStudent(in: context, teacher: nil, nil)
    switch work {
    case .tokenizer:
      return { _ in
        for text in workload.texts { _ = student.tokenizer.encode(text, pair: nil, maxLength: nil) }
        return nil
      }
    case .inference:
      let (data, model) = (workload.dataset, try student.model())
      return { index in
        let batch = data.batch(workload.examples(ofBatch: index))
        return Double(try model.respond(to: batch, with: [.logits])[.logits].values.reduce(0, +))
      }
    case .fineTuning:
      return try training(student, nil, [HardCrossEntropy()], workload, remembers: true)
    case .internalRepresentations:
      let teacher = try base.loadTeacher(from: folder.appending(path: "teacher"), in: context)
      let terms: [any LossTerm] = [AttentionKL(), CLSCosine(), SoftCrossEntropy()]
      return try training(student, teacher, terms, workload, remembers: false)
    case .reaugkd, .reaugkdCached:
      var head = SupervisedContrastiveHead()
      head.base = base
      let teacher = try head.loadTeacher(from: folder.appending(path: "teacher"), in: context)
      let terms: [any LossTerm] = [SoftCrossEntropy(), RelationalKL()]
      return try training(student, teacher, terms, workload, remembers: work == .reaugkdCached)
    }
  }

  /// A step as the training loop takes it. Where the teacher is to be asked in every step, each batch is a training set of its
  /// own, so that there is nothing to remember.
  private static func training(
    _ student: any Student, _ teacher: (any Teacher)?, _ terms: [any LossTerm], _ workload: Workload, remembers: Bool
  ) throws -> (Int) throws -> Double? {
    guard let task = TaskDefinition.named("mrpc") else { throw ContractError("no task mrpc") }
    let layers = [
      LayerPair(student: 1, teacher: 2), LayerPair(student: 2, teacher: 4), LayerPair(student: 3, teacher: 6),
    ]
    func makeObjective(_ data: EncodedDataset) throws -> DistillationObjective {
      try DistillationObjective(
        student: student, teacher: teacher, terms: terms.map { WeightedTerm($0, weight: 1) },
        layerMap: teacher == nil ? [] : layers, scheduler: nil,
        data: TaskData(task: task, training: data, validation: nil), teacherMemory: .max)
    }
    let data = workload.dataset
    let whole = try makeObjective(data)
    let optimiser = AdamW(student.parameters)
    return { index in
      var examples = workload.examples(ofBatch: index)
      var objective = whole
      if !remembers {
        objective = try makeObjective(data.part(examples))
        examples = 0..<examples.count
      }
      student.parameters.clearGradients()
      let figures = try objective.accumulateGradients(
        for: Step(epoch: 0, number: index, examples: Array(examples), key: RandomKey(3).child(index)))
      let norm = Float(student.parameters.gradientNorm)
      optimiser.update(learningRate: 5e-5, gradientScale: min(1, 1 / (norm + 1e-6)))
      return figures.loss
    }
  }
}

extension EncodedDataset {
  func part(_ examples: Range<Int>) -> EncodedDataset {
    EncodedDataset(sequences: Array(sequences[examples]), targets: Array(targets[examples]))
  }
}
