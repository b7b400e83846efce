import DistillCore
import Foundation

/// An encoder that calculates in the precision of its run, whatever that of its caller is.
class EncoderInPrecision: Encoder {
  private let encoder: any Encoder
  private let precision: Precision

  fileprivate init(_ encoder: any Encoder, _ precision: Precision) {
    (self.encoder, self.precision) = (encoder, precision)
  }

  var card: ModelCard { encoder.card }
  var tokenizer: any Tokenizer { encoder.tokenizer }
  var untrained: Set<Activation> { encoder.untrained }
  func write(to folder: URL) throws { try encoder.write(to: folder) }
  func respond(to batch: TokenBatch, with activations: Set<Activation>, pass: Pass) throws -> Response {
    try Compute.$precision.withValue(precision) { try encoder.respond(to: batch, with: activations, pass: pass) }
  }
}

final class StudentInPrecision: EncoderInPrecision, Student {
  let parameters: ParameterStore

  init(_ student: any Student, precision: Precision) {
    parameters = student.parameters
    super.init(student, precision)
  }
}

final class TeacherInPrecision: EncoderInPrecision, Teacher {
  let innermost: any Encoder

  init(_ teacher: any Teacher, precision: Precision) {
    innermost = teacher.innermost
    super.init(teacher, precision)
  }
}
