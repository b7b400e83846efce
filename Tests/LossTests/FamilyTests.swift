import DistillCore
import DistillLinearCKA
import DistillRelationalKD
import DistillTestKit
import Testing

struct FamilyTests {
  /// Through a learnt map, equal states are not equal any more.
  @Test(arguments: FamilyCase.all) func conforms(_ family: FamilyCase) throws {
    try LossTermConformance(family.term, atTeacher: family.isProjected ? .unspecified : .zero).check()
  }

  /// However long the sequences are, each counts the same.
  @Test(arguments: FamilyCase.perSequence) func batchIsTheMeanOfItsSequences(_ family: FamilyCase) throws {
    let (lengths, key) = ([3, 1, 4, 2], RandomKey(3))
    let rows = family.isPerToken ? lengths : [1, 1, 1, 1]
    let (count, teacherWidth) = (rows.reduce(0, +), family.isProjected ? 7 : 5)
    let student = Tensor(normal: [count, 5], standardDeviation: 1, key: key.child("student"))
    let teacher = Tensor(normal: [count, teacherWidth], standardDeviation: 1, key: key.child("teacher"))
    let map = Tensor(normal: [7, 5], standardDeviation: 1, key: key.child("map"))
    let parameters = try family.parameters(family.isProjected ? map : nil)
    let whole = try family.loss(student: student, teacher: teacher, lengths: lengths, parameters: parameters).scalar
    var (start, sum) = (0, Float(0))
    for (b, length) in lengths.enumerated() {
      let range = start..<start + rows[b]
      start += rows[b]
      sum += try family.loss(
        student: student.rows(range), teacher: teacher.rows(range), lengths: [length], parameters: parameters
      ).scalar
    }
    #expect(abs(whole - sum / 4) < 1e-6 * abs(whole), "\(whole) in one batch, \(sum / 4) one by one")
  }

  // MARK: wiring

  @Test(arguments: FamilyCase.all) func aTeacherIsNeeded(_ family: FamilyCase) throws {
    let models = family.models(teacherWidth: 4, studentWidth: 4)
    let alone = ModelPair(teacher: nil, student: models.student, task: models.task)
    let error = #expect(throws: WiringError.self) { try family.term.reads(alone, at: FamilyCase.layers) }
    #expect(error?.description.contains("needs a teacher") == true)
    #expect(family.term.parameters(alone, at: FamilyCase.layers).isEmpty)
  }

  @Test(arguments: FamilyCase.all) func widthsMayDifferOrAreTold(_ family: FamilyCase) throws {
    let models = family.models(teacherWidth: 768, studentWidth: 384)
    if ["cls-cosine plain", "cls-cosine squared", "hidden-mse", "pkd"].contains(family.name) {
      let error = #expect(throws: WiringError.self) { try family.term.reads(models, at: FamilyCase.layers) }
      #expect(error?.description.contains("768") == true && error?.description.contains("384") == true)
      #expect(error?.option == "project" && error?.hint?.contains("project: true") == true)
    } else {
      let reads = try family.term.reads(models, at: family.term.scope == .layer ? FamilyCase.layers : nil)
      #expect(reads == Reads(teacher: [family.teacher], student: [family.student]))
    }
    let definitions = family.term.parameters(models, at: FamilyCase.layers)
    #expect(definitions.map(\.shape) == (family.isProjected ? [[768, 384]] : []))
  }

  @Test func logitsOfAnotherTaskAreRefused() throws {
    let family = try #require(FamilyCase.all.first { $0.name == "logit-mse" })
    let models = family.models(teacherWidth: 4, studentWidth: 4)
    var teacher = try #require(models.teacher)
    teacher.outputs = 5
    let error = #expect(throws: WiringError.self) {
      try family.term.reads(ModelPair(teacher: teacher, student: models.student, task: models.task), at: nil)
    }
    #expect(error?.description.contains("5 outputs and the student 3") == true)
  }

  // MARK: where a formula divides by zero

  @Test func constantStatesAreAlignedWithNothing() throws {
    let family = try #require(FamilyCase.all.first { $0.name == "linear-cka" })
    let row = Tensor(normal: [1, 5], standardDeviation: 10, key: RandomKey(4))
    let teacher = Tensor(normal: [7, 5], standardDeviation: 1, key: RandomKey(5))
    for student in [row.gatheredRows(Array(repeating: 0, count: 7)), row] {
      let student = student.variable()
      let count = student.shape[0]
      let loss = try family.loss(
        student: student, teacher: teacher.rows(0..<count), lengths: Array(repeating: 1, count: count))
      loss.backward()
      #expect(loss.scalar == 1)
      #expect(student.gradient?.values.allSatisfy { $0 == 0 } == true)
    }
  }

  /// Two texts that are the same, or the same up to a rounding, are not torn apart, nor is what they share pushed about.
  @Test(arguments: ["rkd-distance", "rkd-angle"], [0, 1e-6] as [Float])
  func twinsKeepGradientsBounded(_ name: String, apart: Float) throws {
    let family = try #require(FamilyCase.all.first { $0.name == name })
    let x = Tensor(normal: [6, 5], standardDeviation: 1, key: RandomKey(6))
    let nudge = Tensor(normal: [6, 5], standardDeviation: apart, key: RandomKey(7))
    let student = (x.gatheredRows([0, 0, 1, 2, 3, 4]) + nudge).variable()
    let teacher = Tensor(normal: [6, 5], standardDeviation: 1, key: RandomKey(8))
    let loss = try family.loss(student: student, teacher: teacher, lengths: Array(repeating: 1, count: 6))
    loss.backward()
    let gradient = try #require(student.gradient)
    let sum = (gradient.rows(0..<1) + gradient.rows(1..<2)).values.reduce(0) { max($0, abs($1)) }
    let largest = gradient.values.reduce(0) { max($0, abs($1)) }
    #expect(loss.isFinite && largest < 1000 && sum < 1, "each is pushed by \(largest), both together by \(sum)")
  }

  @Test func oneSequenceHasNoRelations() throws {
    for family in FamilyCase.all where family.term.scope == .output && family.student == .embedding {
      let (x, z) = (Tensor(repeating: 1, [1, 3]), Tensor(repeating: 2, [1, 4]))
      #expect(try family.loss(student: x, teacher: z, lengths: [1]).scalar == 0)
    }
  }
}
