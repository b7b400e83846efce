/// The activations of teacher and student that a term reads. The models compute only what some term reads.
public struct Reads: Sendable, Equatable {
  public var teacher: Set<Activation>
  public var student: Set<Activation>

  public init(teacher: Set<Activation> = [], student: Set<Activation> = []) {
    (self.teacher, self.student) = (teacher, student)
  }

  package func union(_ other: Reads) -> Reads {
    Reads(teacher: teacher.union(other.teacher), student: student.union(other.student))
  }
}
