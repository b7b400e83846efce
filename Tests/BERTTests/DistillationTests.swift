import DistillBERT
import DistillCore
import DistillCrossEntropy
import DistillHiddenStateMSE
import DistillRelationalKL
import DistillTraining
import Testing

/// ReAugKD between two small models, against PyTorch and against itself.
struct DistillationTests {
  private var terms: [WeightedTerm] {
    [WeightedTerm(SoftCrossEntropy(), weight: 1), WeightedTerm(RelationalKL(), weight: 1)]
  }

  private func objective(_ student: any Student, microBatchSize: Int? = nil) throws -> DistillationObjective {
    try DistillationObjective(
      student: student, teacher: Fixture.teacherWithHead(), terms: terms, layerMap: [], scheduler: nil,
      data: Fixture().data("step"), microBatchSize: microBatchSize)
  }

  private static let step = Step(epoch: 0, number: 0, examples: Array(0..<8), key: RandomKey(5))

  @Test func gradientsEqualPyTorch() throws {
    let fixture = try Fixture()
    let student = try Fixture.student("student")
    let figures = try objective(student).accumulateGradients(for: Self.step)
    #expect(abs(figures.loss - Double(try fixture["step/loss"].values[0])) < 1e-5)
    let found = gradients(of: student.parameters)
    var expected: [String: Tensor] = [:]
    for name in fixture.names("step/gradient/") { expected[name] = try fixture["step/gradient/\(name)"] }
    #expect(Set(found.keys) == Set(expected.keys))
    let worst = deviation(found, from: expected)
    #expect(worst.value < 1e-4, "\(worst.name)")
  }

  /// Ten steps of the loop: AdamW, decay on matrices alone, a linear schedule, clipping (which the first seven need).
  @Test func tenStepsEqualPyTorch() throws {
    let fixture = try Fixture()
    var options = TrainingOptions(epochs: 10, learningRate: 1e-3)
    (options.batchSize, options.warmup, options.weightDecay, options.clipNorm) = (8, 0, 0.01, 1)
    var records: [StepRecord] = []
    try TrainingLoop { if case .step(let record) = $0 { records.append(record) } }
      .fit(objective(Fixture.student("student")), options: options, phase: "student")
    #expect(records.count == 10)
    func check(_ name: String, _ values: [Double]) throws {
      let expected = try fixture["step/\(name)"].values.map { Double($0) }
      let worst = zip(values, expected).map { abs($0 - $1) / $1 }.max() ?? .infinity
      // Roundings make about 1e-6; a decay of the biases would make 1.5e-5.
      #expect(worst < 1e-5, "\(name) \(values), expected \(expected)")
    }
    try check("loss", records.map(\.loss))
    try check("norm", records.map(\.gradientNorm))
    for term in ["soft-cross-entropy", "relational-kl"] {
      try check(term, records.map { $0.terms[term] ?? .nan })
    }
  }

  /// A term sees what it declared and no more, though another term of the same objective reads it.
  @Test func aTermThatForgotToDeclareFailsAtOnce() throws {
    struct Forgetful: LossTerm {
      static let name = "forgetful"
      static let summary = "Reads embeddings, and does not say so."
      mutating func options(_ visit: inout OptionVisitor) {}
      func reads(_: ModelPair, at _: LayerPair?) -> Reads { Reads(student: [.logits]) }
      func loss(_ inputs: LossInputs) throws -> Tensor { try inputs.student[.embedding].sum() }
    }
    let objective = try DistillationObjective(
      student: Fixture.student("student"), teacher: Fixture.teacherWithHead(),
      terms: terms + [WeightedTerm(Forgetful(), weight: 1)], layerMap: [], scheduler: nil, data: Fixture().data("step"))
    let error = #expect(throws: ContractError.self) { try objective.accumulateGradients(for: Self.step) }
    #expect(error?.description == "embedding was read but not declared; declared are logits")
  }

  /// Between states of one width, the learnt map starts as the identity: the first step's loss is the one without a map.
  @Test func aSquareMapStartsAsTheIdentity() throws {
    func firstLoss(project: Bool) throws -> Double {
      var recipe = BERTStudent()
      recipe.fromTeacherLayers = [2, 4]
      let teacher = try Fixture.teacherWithHead()
      return try DistillationObjective(
        student: recipe.makeStudent(in: Fixture.context, teacher: teacher, nil), teacher: teacher,
        terms: [WeightedTerm(HiddenStateMSE(project: project), weight: 1)],
        layerMap: [LayerPair(student: 1, teacher: 2), LayerPair(student: 2, teacher: 4)], scheduler: nil,
        data: Fixture().data("step")
      ).accumulateGradients(for: Self.step).loss
    }
    let (mapped, plain) = (try firstLoss(project: true), try firstLoss(project: false))
    #expect(plain > 0.01 && abs(mapped - plain) < 1e-5 * plain, "\(mapped), expected \(plain)")
  }

  @Test func matricesAloneDecay() throws {
    for parameter in try Fixture.student("student").parameters.parameters {
      let isExempt = parameter.name.hasSuffix("bias") || parameter.name.contains("LayerNorm")
      #expect(parameter.decays != isExempt, "\(parameter.name)")
    }
  }

  /// Backwards through every dropout of the encoder: the loss rises along a parameter's gradient as fast as the gradient is long,
  /// while the masks, which are functions of the step's key, stay.
  @Test func gradientsAreSlopesUnderDropout() throws {
    var recipe = BERTStudent()
    recipe.fromTeacherLayers = [2, 4]  // the teacher's dropout is 0.1
    let student = try recipe.makeStudent(in: Fixture.context, teacher: Fixture.teacherWithHead(), nil)
    let objective = try objective(student)
    func loss() throws -> Double {
      for store in objective.parameters { store.clearGradients() }
      return try objective.accumulateGradients(for: Self.step).loss
    }
    _ = try loss()
    let gradients = gradients(of: student.parameters)
    var checked = 0
    for parameter in student.parameters.parameters {
      guard let gradient = gradients[parameter.name] else { continue }
      let length = gradient.values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      // The difference of two losses of size 1 is right to 1e-7; a shorter gradient would drown in that.
      guard length > 0.01 else { continue }
      let value = parameter.value.values
      func moved(_ step: Float) throws -> Double {
        parameter.assign(zip(value, gradient.values).map { $0 + step / Float(length) * $1 })
        defer { parameter.assign(value) }
        return try loss()
      }
      // Differences over ±h and ±2h cancel the error of order h².
      let h: Float = 0.005
      let (near, far) = (try moved(h) - moved(-h), try moved(2 * h) - moved(-2 * h))
      let slope = (8 * near - far) / Double(12 * h)
      #expect(abs(slope - length) < 0.01 * length, "\(parameter.name): \(slope), expected \(length)")
      checked += 1
    }
    #expect(checked > 20)
  }

  /// Pieces of a batch give the gradients of the whole, with dropout on and a term that compares all sequences.
  @Test(arguments: [1, 2, 3, 5]) func microBatchesAreTheBatch(_ size: Int) throws {
    func run(_ size: Int?, key: RandomKey = RandomKey(5)) throws -> (loss: Double, gradients: [String: Tensor]) {
      var recipe = BERTStudent()
      recipe.fromTeacherLayers = [2, 4]  // the teacher's dropout is 0.1
      let student = try recipe.makeStudent(in: Fixture.context, teacher: Fixture.teacherWithHead(), nil)
      let loss = try objective(student, microBatchSize: size).accumulateGradients(
        for: Step(epoch: 0, number: 0, examples: [7, 2, 0, 3, 6, 1, 5, 4], key: key)
      ).loss
      return (loss, gradients(of: student.parameters))
    }
    let (whole, pieces) = (try run(nil), try run(size))
    // Sums over the batch in another order.
    #expect(abs(pieces.loss - whole.loss) < 1e-5)
    let worst = deviation(pieces.gradients, from: whole.gradients)
    #expect(worst.value < 1e-5, "\(worst.name)")
    // Another key's masks are others: dropout was on.
    #expect(deviation(try run(nil, key: RandomKey(6)).gradients, from: whole.gradients).value > 1e-2)
  }
}
