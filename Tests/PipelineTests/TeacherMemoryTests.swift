import DistillBERT
import DistillCore
import DistillCrossEntropy
import DistillLayerSchedules
import DistillPipeline
import DistillTraining
import Foundation
import Synchronization
import Testing

/// Which of a teacher's answers are asked for, kept and found again.
struct TeacherMemoryTests {
  /// A teacher that notes what it is asked for.
  final class Listener: Teacher {
    let teacher: any Teacher
    private let log = Mutex<[Set<Activation>]>([])
    var asked: [Set<Activation>] { log.withLock { $0 } }
    init(_ teacher: any Teacher) { self.teacher = teacher }
    var card: ModelCard { teacher.card }
    var tokenizer: any Tokenizer { teacher.tokenizer }
    func write(to folder: URL) throws {}
    func respond(to batch: TokenBatch, with activations: Set<Activation>) throws -> Response {
      log.withLock { $0.append(activations) }
      return try teacher.respond(to: batch, with: activations)
    }
  }

  /// Attention of a layer, to be read and no more.
  struct AttentionSquares: LossTerm {
    static let name = "attention-squares"
    static let summary = "For these tests."
    mutating func options(_ visit: inout OptionVisitor) {}
    var scope: LossScope { .layer }
    func reads(_: ModelPair, at layers: LayerPair?) throws -> Reads {
      guard let layers else { return Reads() }
      return Reads(teacher: [.attention(layer: layers.teacher)], student: [.attention(layer: layers.student)])
    }
    func loss(_ inputs: LossInputs) throws -> Tensor {
      guard let layers = inputs.layers else { throw ContractError("needs a pair of layers") }
      return meanSquaredError(
        try inputs.student[.attention(layer: layers.student)], try inputs.teacher[.attention(layer: layers.teacher)])
    }
  }

  @Test(arguments: [0, 1 << 20]) func theTeacherIsAskedForWhatCountsAndOnce(bytes: Int) throws {
    let bench = try Workbench()
    let pipeline = try bench.pipeline(replacing: ScheduleTests.changes)
    let (student, made) = try pipeline.untrainedModels()
    let teacher = Listener(made)
    let data = try pipeline.data(student.tokenizer)
    var losses: [[Double]] = []
    let objective = try DistillationObjective(
      student: student, teacher: teacher,
      terms: [WeightedTerm(AttentionSquares(), weight: 1), WeightedTerm(SoftCrossEntropy(), weight: 1)],
      layerMap: pipeline.layerMap, scheduler: Progressive(), data: data, teacherMemory: bytes)
    var options = TrainingOptions(epochs: 3, learningRate: 1e-3)
    options.batchSize = 20
    try TrainingLoop {
      if case .step(let record) = $0 { losses.append(record.terms.values.sorted()) }
    }.fit(objective, options: options, phase: "student")

    let layers: [Set<Activation>] = pipeline.layerMap.map { [.attention(layer: $0.teacher)] }
    if bytes == 0 {
      // 3 steps an epoch: attention live, layer by layer; at the top the logits of all examples, once.
      #expect(
        teacher.asked == Array(repeating: layers[0], count: 3) + Array(repeating: layers[1], count: 3) + [[.logits]])
    } else {
      #expect(teacher.asked == [layers[0].union(layers[1]).union([.logits])])
    }
    // Remembered or not, the answers are the same but for the last bits.
    let reference = try pipeline.untrainedModels()
    let live = try DistillationObjective(
      student: reference.student, teacher: made, terms: [WeightedTerm(AttentionSquares(), weight: 1)],
      layerMap: pipeline.layerMap, scheduler: nil, data: data)
    let step = Step(epoch: 0, number: 0, examples: [3, 50, 17], key: RandomKey(5))
    let remembered = try DistillationObjective(
      student: reference.student, teacher: made, terms: [WeightedTerm(AttentionSquares(), weight: 1)],
      layerMap: pipeline.layerMap, scheduler: nil, data: data, teacherMemory: 1 << 20)
    let pair = (try live.accumulateGradients(for: step).loss, try remembered.accumulateGradients(for: step).loss)
    #expect(abs(pair.0 - pair.1) < 1e-6 * abs(pair.0) && pair.0 > 0)
  }

  /// Answers in a file are those in memory, and another training finds them unless teacher or texts are others.
  @Test func answersOutliveTheTraining() throws {
    let bench = try Workbench()
    let pipeline = try bench.pipeline(replacing: ScheduleTests.changes)
    let (student, made) = try pipeline.untrainedModels()
    let whole = try pipeline.data(student.tokenizer)
    let folder = bench.url.appending(path: "teacher-answers")
    var notes: [String] = []
    /// The loss of one step, and how often the teacher was asked.
    func train(teacher digest: String?, examples: Int = 60) throws -> (loss: Double, asked: Int) {
      let teacher = Listener(made)
      let data = EncodedDataset(
        sequences: Array(whole.training.sequences.prefix(examples)),
        targets: Array(whole.training.targets.prefix(examples)))
      let objective = try DistillationObjective(
        student: student, teacher: teacher,
        terms: [WeightedTerm(AttentionSquares(), weight: 1), WeightedTerm(SoftCrossEntropy(), weight: 1)],
        layerMap: pipeline.layerMap, scheduler: nil,
        data: TaskData(task: whole.task, training: data, validation: nil), teacherMemory: 1 << 20,
        answers: digest.map {
          AnswerFolder(
            own: bench.url.appending(path: UUID().uuidString), shared: folder, teacher: Provenance(["is": $0]))
        }
      ) { if case .note(let note) = $0 { notes.append(note) } }
      let step = Step(epoch: 0, number: 0, examples: [3, 50, 17, 49], key: RandomKey(5))
      return (try objective.accumulateGradients(for: step).loss, teacher.asked.count)
    }
    func files() throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".safetensors") }
    }

    let inMemory = try train(teacher: nil)
    let first = try train(teacher: "a")
    let second = try train(teacher: "a")
    #expect(first.loss == inMemory.loss && second.loss == inMemory.loss)
    #expect(inMemory.asked == 1 && first.asked == 1 && second.asked == 0)
    #expect(notes.count == 1)
    #expect(try files().count == 1)
    #expect(try train(teacher: "b").asked == 1, "another teacher")
    #expect(try train(teacher: "a", examples: 59).asked == 1, "other texts")
    if Precision.bfloat16.isAvailable {
      #expect(try Compute.$precision.withValue(.bfloat16) { try train(teacher: "a").asked } == 1, "another precision")
      #expect(try files().count == 4)
    }

    for file in try files() {  // cut short, as by a full disk
      let url = folder.appending(path: file)
      try Data(try Data(contentsOf: url).dropLast(40)).write(to: url)
    }
    notes = []
    let again = try train(teacher: "a")
    #expect(again.loss == inMemory.loss && again.asked == 1)
    #expect(notes.count == 1 && notes[0].contains("is truncated"))
    #expect(try train(teacher: "a").asked == 0)
  }
}

/// Leaves everything as it is.
struct NoTraining: Trainer {
  private var summary: TrainingSummary { TrainingSummary(epochs: 0, steps: 0, bestEpoch: 0, scores: [], seconds: 0) }
  func fit(_: any Objective, options _: TrainingOptions, phase _: String) -> TrainingSummary { summary }
  func fineTune(_: any Student, on _: TaskData, options _: TrainingOptions, phase _: String) -> TrainingSummary {
    summary
  }
}
