// Writes the descriptors of the messages named as arguments, and of whatever those are made of, as one
// google.protobuf.FileDescriptorSet to standard output. Nothing else is kept of their files: no comments, no services, no
// rules of validation, no message that none of the named ones can hold. scripts/descriptors.mjs runs it, and adds the
// imports that make the messages known here.
package main

import (
	"fmt"
	"os"
	"sort"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

func main() {
	kept := map[protoreflect.FullName]bool{}
	files := map[string]protoreflect.FileDescriptor{}
	for _, name := range os.Args[1:] {
		descriptor, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
			os.Exit(1)
		}
		keep(descriptor, kept, files)
	}
	out, err := proto.MarshalOptions{Deterministic: true}.Marshal(&descriptorpb.FileDescriptorSet{File: inOrder(kept, files)})
	if err != nil {
		panic(err)
	}
	os.Stdout.Write(out)
}

// keep marks a message or an enum, what holds it, and what it is made of.
func keep(descriptor protoreflect.Descriptor, kept map[protoreflect.FullName]bool, files map[string]protoreflect.FileDescriptor) {
	if kept[descriptor.FullName()] {
		return
	}
	kept[descriptor.FullName()] = true
	file := descriptor.ParentFile()
	files[file.Path()] = file
	message, isMessage := descriptor.(protoreflect.MessageDescriptor)
	if !isMessage {
		return
	}
	for i := 0; i < message.Fields().Len(); i++ {
		if inner := typeOf(message.Fields().Get(i)); inner != nil {
			keep(inner, kept, files)
		}
	}
}

func typeOf(field protoreflect.FieldDescriptor) protoreflect.Descriptor {
	if field.Message() != nil {
		return field.Message()
	}
	if field.Enum() != nil {
		return field.Enum()
	}
	return nil
}

// inOrder gives the files pruned, each after those that it imports.
func inOrder(kept map[protoreflect.FullName]bool, files map[string]protoreflect.FileDescriptor) []*descriptorpb.FileDescriptorProto {
	var out []*descriptorpb.FileDescriptorProto
	done := map[string]bool{}
	var visit func(file protoreflect.FileDescriptor)
	visit = func(file protoreflect.FileDescriptor) {
		if done[file.Path()] {
			return
		}
		done[file.Path()] = true
		imports := importsOf(file.Messages(), kept)
		paths := make([]string, 0, len(imports))
		for path := range imports {
			if path != file.Path() {
				paths = append(paths, path)
			}
		}
		sort.Strings(paths)
		for _, path := range paths {
			visit(files[path])
		}
		whole := protodesc.ToFileDescriptorProto(file)
		out = append(out, &descriptorpb.FileDescriptorProto{
			Name:        whole.Name,
			Package:     whole.Package,
			Syntax:      whole.Syntax,
			Dependency:  paths,
			MessageType: messages(whole.MessageType, file.Package(), kept),
			EnumType:    enums(whole.EnumType, file.Package(), kept),
		})
	}
	paths := make([]string, 0, len(files))
	for path := range files {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	for _, path := range paths {
		visit(files[path])
	}
	return out
}

func importsOf(all protoreflect.MessageDescriptors, kept map[protoreflect.FullName]bool) map[string]bool {
	imports := map[string]bool{}
	for i := 0; i < all.Len(); i++ {
		message := all.Get(i)
		if kept[message.FullName()] {
			for j := 0; j < message.Fields().Len(); j++ {
				if inner := typeOf(message.Fields().Get(j)); inner != nil {
					imports[inner.ParentFile().Path()] = true
				}
			}
		}
		for path := range importsOf(message.Messages(), kept) {
			imports[path] = true
		}
	}
	return imports
}

func messages(all []*descriptorpb.DescriptorProto, scope protoreflect.FullName, kept map[protoreflect.FullName]bool) []*descriptorpb.DescriptorProto {
	var out []*descriptorpb.DescriptorProto
	for _, whole := range all {
		name := scope.Append(protoreflect.Name(whole.GetName()))
		message := &descriptorpb.DescriptorProto{
			Name:       whole.Name,
			NestedType: messages(whole.NestedType, name, kept),
			EnumType:   enums(whole.EnumType, name, kept),
		}
		if kept[name] {
			message.Field = fields(whole.Field)
			for _, oneof := range whole.OneofDecl {
				message.OneofDecl = append(message.OneofDecl, &descriptorpb.OneofDescriptorProto{Name: oneof.Name})
			}
			if whole.Options.GetMapEntry() {
				message.Options = &descriptorpb.MessageOptions{MapEntry: proto.Bool(true)}
			}
		} else if len(message.NestedType)+len(message.EnumType) == 0 {
			continue
		}
		out = append(out, message)
	}
	return out
}

func fields(all []*descriptorpb.FieldDescriptorProto) []*descriptorpb.FieldDescriptorProto {
	var out []*descriptorpb.FieldDescriptorProto
	for _, whole := range all {
		field := proto.Clone(whole).(*descriptorpb.FieldDescriptorProto)
		field.Options = nil
		if whole.Options != nil && whole.Options.Packed != nil {
			field.Options = &descriptorpb.FieldOptions{Packed: whole.Options.Packed}
		}
		out = append(out, field)
	}
	return out
}

func enums(all []*descriptorpb.EnumDescriptorProto, scope protoreflect.FullName, kept map[protoreflect.FullName]bool) []*descriptorpb.EnumDescriptorProto {
	var out []*descriptorpb.EnumDescriptorProto
	for _, whole := range all {
		if kept[scope.Append(protoreflect.Name(whole.GetName()))] {
			enum := &descriptorpb.EnumDescriptorProto{Name: whole.Name}
			if whole.Options.GetAllowAlias() {
				enum.Options = &descriptorpb.EnumOptions{AllowAlias: proto.Bool(true)}
			}
			for _, value := range whole.Value {
				enum.Value = append(enum.Value, &descriptorpb.EnumValueDescriptorProto{Name: value.Name, Number: value.Number})
			}
			out = append(out, enum)
		}
	}
	return out
}
