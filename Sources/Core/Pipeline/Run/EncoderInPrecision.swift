import DistillCore
import Foundation

/// A student that calculates in the precision of its run, whatever that of its caller is.
final class StudentInPrecision: Student {
  private let base: any Student
  private let precision: Precision

  init(_ base: any Student, precision: Precision) { (self.base, self.precision) = (base, precision) }

  var card: ModelCard { base.card }
  var tokenizer: any Tokenizer { base.tokenizer }
  var untrained: Set<Activation> { base.untrained }
  var parameters: ParameterStore { base.parameters }
  func write(to folder: URL) throws { try base.write(to: folder) }
  func respond(to batch: TokenBatch, with activations: Set<Activation>, pass: Pass) throws -> Response {
    try Compute.$precision.withValue(precision) { try base.respond(to: batch, with: activations, pass: pass) }
  }
}

/// A teacher likewise.
final class TeacherInPrecision: Teacher {
  private let base: any Teacher
  private let precision: Precision

  init(_ base: any Teacher, precision: Precision) { (self.base, self.precision) = (base, precision) }

  var card: ModelCard { base.card }
  var tokenizer: any Tokenizer { base.tokenizer }
  var untrained: Set<Activation> { base.untrained }
  var innermost: any Encoder { base.innermost }
  func write(to folder: URL) throws { try base.write(to: folder) }
  func respond(to batch: TokenBatch, with activations: Set<Activation>, pass: Pass) throws -> Response {
    try Compute.$precision.withValue(precision) { try base.respond(to: batch, with: activations, pass: pass) }
  }
}
