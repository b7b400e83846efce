import DistillCore
import DistillCrossEntropy
import DistillRelationalKL
import DistillTestKit
import Synchronization
import Testing

struct ConformanceTests {
  @Test(arguments: [TaskKind.classification(labels: ["a", "b", "c"]), .regression])
  func crossEntropies(_ task: TaskKind) throws {
    try LossTermConformance(HardCrossEntropy(), task: task, atTeacher: .unspecified).check()
    let agreement = task == .regression ? LossTermConformance.Agreement.zero : .stationary
    try LossTermConformance(SoftCrossEntropy(), task: task, atTeacher: agreement).check()
    try LossTermConformance(SoftCrossEntropy(temperature: 2), task: task, atTeacher: agreement).check()
    try LossTermConformance(SoftCrossEntropy(hardWeight: 0.1), task: task, atTeacher: .unspecified).check()
  }

  @Test(arguments: [false, true]) func relations(excludingSelf: Bool) throws {
    for temperature: Float in [0.1, 1] {
      let term = RelationalKL(temperature: temperature, excludeSelf: excludingSelf)
      try LossTermConformance(term, atTeacher: .zero).check()
    }
  }

  @Test func termsOfLayersAndTermsWithParameters() throws {
    try LossTermConformance(LayerWise(), atTeacher: .zero).check()
    try LossTermConformance(LayerWise(isMapped: true), atTeacher: .unspecified).check()
  }

  // MARK: the suite finds what is wrong

  @Test(arguments: [
    (Wrong.Fault.constantGradient, "rises by"), (.order, "another order"), (.infinite, "the loss is"),
    (.unread, "declared but not read"), (.loneStudent, "without a teacher is not refused"),
    (.moody, "again, the same batch has the loss"), (.biased, "a student equal to its teacher has the loss"),
    (.vector, "not that of a scalar"), (.everyRow, "in another order"),
  ])
  func finds(_ fault: Wrong.Fault, _ message: String) throws {
    let failure = #expect(throws: ConformanceFailure.self) {
      try LossTermConformance(Wrong(fault), atTeacher: .zero).check()
    }
    #expect(failure?.description.contains(message) == true, "\(failure?.description ?? "")")
  }
}

/// Squared errors of a layer: attention, and [CLS] through a linear map where asked.
struct LayerWise: LossTerm {
  static let name = "layer-wise"
  static let summary = "For the suite's own test."
  var isMapped = false

  init() {}
  init(isMapped: Bool) { self.isMapped = isMapped }
  mutating func options(_ visit: inout OptionVisitor) {}
  var scope: LossScope { .layer }

  func reads(_ models: ModelPair, at layers: LayerPair?) throws -> Reads {
    let teacher = try models.requireTeacher()
    guard teacher.heads == models.student.heads, isMapped || teacher.width == models.student.width else {
      throw WiringError("the models do not fit")
    }
    let layers = try #require(layers)
    return Reads(
      teacher: [.attention(layer: layers.teacher), .classToken(layer: layers.teacher)],
      student: [.attention(layer: layers.student), .classToken(layer: layers.student)])
  }

  func parameters(_ models: ModelPair, at _: LayerPair?) -> [ParameterDefinition] {
    guard isMapped, let teacher = models.teacher else { return [] }
    return [ParameterDefinition("map", [teacher.width, models.student.width], decays: true)]
  }

  func loss(_ inputs: LossInputs) throws -> Tensor {
    let layers = try #require(inputs.layers)
    let maps = meanSquaredError(
      try inputs.student[.attention(layer: layers.student)], try inputs.teacher[.attention(layer: layers.teacher)])
    var student = try inputs.student[.classToken(layer: layers.student)]
    if let parameters = inputs.parameters { student = linear(student, weight: parameters["map"].variable) }
    return maps + meanSquaredError(student, try inputs.teacher[.classToken(layer: layers.teacher)])
  }
}

/// The squared error between embeddings, with one fault.
struct Wrong: LossTerm {
  enum Fault: Sendable {
    case none, constantGradient, order, infinite, unread, loneStudent, biased, vector, moody, everyRow
  }
  static let name = "wrong"
  static let summary = "Wrong on purpose."
  var fault = Fault.none
  private let mood = Mood()

  private final class Mood: Sendable { let value = Mutex(Float(0)) }

  init() {}
  init(_ fault: Fault) { self.fault = fault }
  mutating func options(_ visit: inout OptionVisitor) {}

  func reads(_ models: ModelPair, at _: LayerPair?) throws -> Reads {
    if fault != .loneStudent {
      guard try models.requireTeacher().embeddingWidth == models.student.embeddingWidth else {
        throw WiringError("another width")
      }
    }
    return Reads(teacher: fault == .unread ? [.embedding, .logits] : [.embedding], student: [.embedding])
  }

  func loss(_ inputs: LossInputs) throws -> Tensor {
    let (teacher, student) = (try inputs.teacher[.embedding], try inputs.student[.embedding])
    let difference = student - teacher
    switch fault {
    case .none, .unread, .loneStudent: return difference.squared().mean()
    case .constantGradient: return (difference * difference.detached).mean()
    case .order: return (difference.rows(0..<1)).squared().mean()
    case .infinite: return difference.squared().mean() + 0 * (student.squared() + 1e-9).log().exp().mean() / 0
    case .biased: return difference.squared().mean() + 0.1
    case .vector: return difference.squared()
    case .everyRow:  // the labels of the labelled rows, taken for those of the first rows
      let labels = try inputs.labels()
      return zip(0..., labels).map { difference.rows($0..<$0 + 1).squared().mean() * Float($1 + 1) }.reduce(
        Tensor(0), +)
    case .moody:
      let mood = mood.value.withLock { value in
        value += 1
        return value
      }
      return difference.squared().mean() * mood
    }
  }
}
